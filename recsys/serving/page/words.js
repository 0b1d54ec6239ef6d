// The words of the bundle's domain: what is told of climbs and sends, told of books and loans instead. Texts of the
// page are strings, and translated where elements are made; what comes from a bundle or a file is `asIs`.
// The rules are those of recsys/nouns.py.
import { KINDS, keep, kept } from "./store.js";

const WORD = /(?<![\w/.\-`'"=@])(climber|climbing|climb|sent|send|grade|logbook|region|area)(s?)(?![\w/`"=@]|-\w|\.\w|'(?!s\b|\s))/gi;
const READ = ["placeholder", "aria-label"];
let told = kept("words", { nouns: {}, levels: false, graded: true });
const fixed = [...texts()]; // of the page as it came: [write, text]

export const elsewhere = () => Object.keys(told.nouns).length > 0;
export const levels = () => told.levels; // grades are L0, L1 and so on
export const graded = () => told.graded; // without grades nothing is told of hard and easy, and no ability
export const kindOf = (kind) => (kind === "closed" && elsewhere() ? "gone" : KINDS[kind]); // what a climb is marked with
export const titled = (text) => text[0].toUpperCase() + text.slice(1);
export const asIs = (text) => document.createTextNode(text ?? "");
export const brand = () => document.querySelector("h1").textContent;

export function speak(nouns = {}, leveled = false, withGrades = true) {
  told = { nouns, levels: leveled, graded: withGrades };
  keep("words", elsewhere() ? told : null);
  for (const [write, text, other] of fixed) write(spoken(elsewhere() && other ? other : text));
}

export const spoken = (text) => (elsewhere() ? text.replace(WORD, replaced) : text);

function replaced(found, word, s) {
  if (word === word.toUpperCase()) return found; // an argument of a command, as in recsys/nouns.py
  const other = told.nouns[word.toLowerCase()];
  if (!other) return found;
  const text = s ? plural(other) : other;
  return word[0] === word[0].toUpperCase() ? titled(text) : text;
}

function plural(word) {
  if (/(s|x|ch|sh)$/.test(word)) return word === "series" ? word : `${word}es`;
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;
}

function* texts() {
  for (const element of document.querySelectorAll("[data-elsewhere]")) yield [(text) => (element.textContent = text), element.textContent, element.dataset.elsewhere];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const own = node;
    if (node.data.trim() && !node.parentElement.closest("[data-elsewhere], noscript")) yield [(text) => (own.data = text), node.data];
  }
  for (const name of READ) {
    for (const element of document.querySelectorAll(`[${name}]`)) yield [(text) => element.setAttribute(name, text), element.getAttribute(name)];
  }
}

if (elsewhere()) speak(told.nouns, told.levels, told.graded);
