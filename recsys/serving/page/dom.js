// Small helpers to build elements. Text is always set as text, never as HTML.

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
    if (name === "onclick") element.addEventListener("click", value);
    else if (name === "width%") element.style.width = `${value}%`;
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
}

// V grades in bands of colour; what is no V grade is grey.
export function band(grade) {
  const found = /^V(B|\d+)/.exec(grade ?? "");
  if (!found) return "";
  const step = found[1] === "B" ? 0 : Number(found[1]);
  return step < 3 ? "g1" : step < 6 ? "g2" : step < 9 ? "g3" : step < 12 ? "g4" : step < 15 ? "g5" : "g6";
}

export const plural = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
