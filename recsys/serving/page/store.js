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

// ---- climbs that are left out: id to { kind, name, grade, day }

export const KINDS = { no: "not for me", done: "done", closed: "closed" };
const MOST = 1000; // that a request may leave out

export const leftOut = () => kept("left-out", {});

export function leaveOut(climb, kind) {
  const day = new Date().toISOString().slice(0, 10);
  keep("left-out", { ...leftOut(), [climb.climb_id]: { kind, name: climb.name, grade: climb.grade, day } });
}

export function takeBack(climbId) {
  const { [climbId]: _, ...others } = leftOut();
  keep("left-out", others);
}

export const blocked = () => Object.keys(leftOut()).slice(-MOST);

// ---- one's own logbook, with what was done since it was read

export function sendsOf(logbook) {
  const dated = /^\d{4}-\d{2}-\d{2}/.test(logbook.sends.at(-1)?.date ?? "");
  if (!dated) return logbook.sends;
  const known = new Set(logbook.sends.map((send) => send.climb_id));
  const since = Object.entries(leftOut()).filter(([id, { kind }]) => kind === "done" && !known.has(id));
  const done = since.map(([id, { name, grade, day }]) =>
    Object.fromEntries(Object.entries({ climb_id: id, date: day, climb_name: name, grade }).filter(([, value]) => value)));
  return [...logbook.sends, ...done].slice(-5000);
}
