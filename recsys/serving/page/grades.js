// Grades in the systems that one reads. The service speaks V of boulders and French of routes.
import { LADDERS } from "./ladders.js";
import { keep, kept } from "./store.js";
import { levels } from "./words.js";

const ROUTES = 100; // what a route's ordinal begins at
const PLAIN = { boulder: "V", route: "French" };

export const systemsOf = (discipline) => Object.keys(LADDERS[discipline].systems);

export function system(discipline) {
  const chosen = kept("grades", {})[discipline];
  return systemsOf(discipline).includes(chosen) ? chosen : PLAIN[discipline];
}

export function chooseSystem(discipline, name) {
  keep("grades", { ...kept("grades", {}), [discipline]: name });
}

export const disciplineOf = (ordinal) => (ordinal > ROUTES / 2 ? "route" : "boulder");

// The ordinal of one of the service's grades, or null where it is none.
export function ordinalOf(text) {
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
  return !levels() && system(disciplineOf(ordinal)) === PLAIN[disciplineOf(ordinal)] ? text : read(ordinal);
}

// The grades that can be asked for: [as the service reads it, as it is shown], easiest first.
export function choices(discipline) {
  const { first, systems } = LADDERS[discipline];
  const plains = systems[PLAIN[discipline]].map((plain, at) => [plain, at]).filter(([, at]) => !levels() || first + at >= 0);
  return plains.map(([plain, at]) => {
    const ordinal = first + at + (discipline === "route" ? ROUTES : 0);
    return [/^\d$/.test(plain) ? `F${plain}` : plain, read(ordinal)];
  });
}

// Grades named in a line of the service ("0.5 grades above V4") in the system that is read.
export const readWords = (text) => text.replace(/\bV(B|\d{1,2})\b/g, (grade) => readText(grade));
