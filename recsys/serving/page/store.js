// What the browser keeps: grade systems, a logbook, what is left out, the last answer. The service keeps nothing.

const PREFIX = "recsys-";

export function kept(name, otherwise = null) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

// Whether there was room for it.
export function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

// ---- climbs that are left out, each logbook's or climber's own: id to { kind, name, grade, day }

export const KINDS = { no: "not for me", done: "done", closed: "closed" };
const MOST = 1000; // that a request may leave out
const OWN = "own"; // whose marks are those of the logbook that the browser keeps

keep("left-out", null); // of older pages, where nobody knows whose they are

// Whose marks are looked at: of one's own file, of a climber, or of nobody.
export const ownerOf = (at) => (at.mine ? OWN : at.climber ? `climber ${at.climber}` : "nobody");

export const leftOut = (owner) => kept("marks", {})[owner] ?? {};

export function leaveOut(owner, climb, kind) {
  const day = new Date().toLocaleDateString("sv"); // as 2026-06-01, where one is
  put(owner, { ...leftOut(owner), [climb.climb_id]: { kind, name: climb.name, grade: climb.grade, day } });
}

export function takeBack(owner, climbId) {
  const { [climbId]: _, ...others } = leftOut(owner);
  put(owner, others);
}

export const dropMarks = (owner) => put(owner, {});

function put(owner, marks) {
  const { [owner]: _, ...others } = kept("marks", {});
  const all = Object.keys(marks).length ? { ...others, [owner]: marks } : others;
  keep("marks", Object.keys(all).length ? all : null);
}

export const blocked = (owner) => Object.keys(leftOut(owner)).slice(-MOST);

// ---- one's own logbook, with what was done since it was read

// Whether what is done can be dated beside its sends, and so becomes one.
export const dated = (logbook) => /^\d{4}-\d{2}-\d{2}/.test(logbook.sends.at(-1)?.date ?? "");

export function sendsOf(logbook) {
  if (!dated(logbook)) return logbook.sends;
  const known = new Set(logbook.sends.map((send) => send.climb_id));
  const since = Object.entries(leftOut(OWN)).filter(([id, { kind }]) => kind === "done" && !known.has(id));
  const done = since.map(([id, { name, grade, day }]) =>
    Object.fromEntries(Object.entries({ climb_id: id, date: day, climb_name: name, grade }).filter(([, value]) => value)));
  return [...logbook.sends, ...done].slice(-5000);
}
