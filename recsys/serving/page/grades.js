// Grades in the systems that one reads. The service speaks V of boulders and French of routes.
import { LADDERS } from "./ladders.js";
import { keep, kept } from "./store.js";
import { levels } from "./words.js";

const ROUTES = 100; // what a route's ordinal begins at
const PLAIN = { boulder: "V", route: "French" };
const NAMED = /^(font|fb|f|fr\.?|french|uiaa|ewbank|yds)\s*(?=[\dIVX])/i; // a system's name before a grade
let written = new Map(); // the climbs' own grades: text to { ordinal, system, climbs }

// What grades the climbs have, as they are written; whether anything is to be read in another way now.
export function learnGrades(grades) {
  const before = JSON.stringify([...written]);
  written = new Map(grades.map(({ grade, ...told }) => [grade, told]));
  return before !== JSON.stringify([...written]) && grades.some(({ grade, ordinal }) => plainOrdinal(grade) !== ordinal);
}

export const systemsOf = (discipline) => Object.keys(LADDERS[discipline].systems);

export function system(discipline) {
  const chosen = kept("grades", {})[discipline];
  return systemsOf(discipline).includes(chosen) ? chosen : usual(discipline);
}

// The system that most climbs are graded in, of those that can be read.
function usual(discipline) {
  const counts = Object.fromEntries(systemsOf(discipline).map((name) => [name, 0]));
  for (const { ordinal, system: name, climbs } of written.values()) {
    if (disciplineOf(ordinal) === discipline && name in counts) counts[name] += climbs;
  }
  const [[name, most]] = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  return most ? name : PLAIN[discipline];
}

export function chooseSystem(discipline, name) {
  keep("grades", { ...kept("grades", {}), [discipline]: name });
}

export const disciplineOf = (ordinal) => (ordinal > ROUTES / 2 ? "route" : "boulder");

// The ordinal of one of the service's grades, or of a climb's own; null where it is none.
export function ordinalOf(text) {
  return written.get(text)?.ordinal ?? plainOrdinal(text);
}

function plainOrdinal(text) {
  const boulder = /^[VL](B|\d+)/.exec(text ?? "");
  if (boulder) return boulder[1] === "B" ? -1 : Number(boulder[1]);
  const route = LADDERS.route.systems.French.indexOf((text ?? "").replace(/^F(?=\d$)/, ""));
  return route < 0 ? null : ROUTES + route;
}

function nameIn(name, ordinal, discipline) {
  const { first, systems } = LADDERS[discipline];
  const step = Math.round(discipline === "route" ? ordinal - ROUTES : ordinal) - first;
  const names = systems[name];
  return names[Math.min(Math.max(step, 0), names.length - 1)];
}

// An ordinal in the system that is read.
export function read(ordinal) {
  if (levels()) return `L${Math.max(Math.round(ordinal), 0)}`;
  const discipline = disciplineOf(ordinal);
  return nameIn(system(discipline), ordinal, discipline);
}

// One of the service's grades in the system that is read; a text that is none stays as it is.
export function readText(text) {
  const ordinal = ordinalOf(text);
  if (ordinal === null) return text;
  if (!levels() && written.get(text)?.system === system(disciplineOf(ordinal))) return bare(text);
  const asWritten = !levels() && plainOrdinal(text) !== null && system(disciplineOf(ordinal)) === PLAIN[disciplineOf(ordinal)];
  return asWritten ? text : read(ordinal);
}

const bare = (text) => text.replace(NAMED, "");

// The grades that can be asked for: [as the service reads it, as it is shown], easiest first. Those of the climbs
// where they are read as they are written, in another system than the plain one; else the plain ones.
export function choices(discipline) {
  const name = system(discipline);
  const own = [...written].filter(([, told]) => told.system === name && disciplineOf(told.ordinal) === discipline);
  if (own.length && name !== PLAIN[discipline] && name === usual(discipline)) {
    const sorted = own.sort(([, a], [, b]) => a.ordinal - b.ordinal).map(([text]) => [text, bare(text)]);
    return [...new Map(sorted.map((each) => [each[1], each])).values()];
  }
  const { first, systems } = LADDERS[discipline];
  const plains = systems[PLAIN[discipline]].map((plain, at) => [plain, at]).filter(([, at]) => !levels() || first + at >= 0);
  return plains.map(([plain, at]) => {
    const ordinal = first + at + (discipline === "route" ? ROUTES : 0);
    return [/^\d$/.test(plain) ? `F${plain}` : plain, read(ordinal)];
  });
}

// Grades named in a line of the service ("0.5 grades above V4") in the system that is read.
export const readWords = (text) => text.replace(/\bV(B|\d{1,2})\b/g, (grade) => readText(grade));
