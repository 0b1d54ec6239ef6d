// Small helpers to build elements. Text is always set as text, never as HTML, and in the words of the domain.
import { spoken, titled } from "./words.js";

const WORDS = ["placeholder", "aria-label"];

export const $ = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  fill(element, attributes, children);
  return element;
}

export function shape(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  fill(element, attributes, children);
  return element;
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "width%") element.style.width = `${value}%`;
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : WORDS.includes(name) ? spoken(value) : value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false).map((child) => (typeof child === "string" ? spoken(child) : child)));
}

export const button = (text, onclick, attributes = {}) => make("button", { type: "button", onclick, ...attributes }, ...[text].flat());

// Grades in bands of colour, boulders by V and routes by what is about as hard; what is no grade is grey.
export function band(ordinal) {
  if (ordinal === null) return "";
  const step = ordinal > 50 ? (ordinal - 109) / 1.3 : ordinal;
  return step < 3 ? "g1" : step < 6 ? "g2" : step < 9 ? "g3" : step < 12 ? "g4" : step < 15 ? "g5" : "g6";
}

// How many sends a logbook has, and beside them what it does not say the outcome of.
export const ascents = ({ rows, unknown }) => plural(rows, "send") + (unknown ? `, ${unknown.toLocaleString("en")} of unknown outcome` : "");
export const plural = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
// As a sentence; a file's name or an id at the beginning stays as it is written.
export const sentence = (text) => text && (/^[^\s:;,]*[._\d]\w/.test(text) ? text : titled(text)) + (/[.!?]$/.test(text) ? "" : ".");
