// The view of a session: a day at one crag, or a circuit, to take along.
import { call } from "./api.js";
import { SESSION } from "./address.js";
import { card, learnName, nameOfId } from "./cards.js";
import { clearing } from "./filters.js";
import { make, plural, sentence } from "./dom.js";
import { knownOf } from "./known.js";
import { blocked, ownerOf } from "./store.js";
import { asIs } from "./words.js";

const PARTS = { "warm-up": "Warm up", project: "Projects", "cool-down": "Cool down", circuit: "Circuit" };

export async function load(at, logbook, signal) {
  const body = { ...logbook };
  if (at.count) body.count = Number(at.count) || 8;
  else body.minutes = Number(at.minutes) || 120;
  for (const name of ["region", "area", "style", "like"]) if (at[name]) body[name] = at[name];
  const block = blocked(ownerOf(at));
  if (block.length) body.block = block;
  const [session] = await Promise.all([call("api/session", { body, signal }), at.like && nameOfId(at.like) === at.like && named(at.like, signal)]);
  return session;
}

// The name of a climb that the address has the id of.
async function named(id, signal) {
  const { items } = await call(`api/climbs?k=8&search=${encodeURIComponent(id)}`, { signal });
  items.filter((climb) => climb.climb_id === id).forEach(learnName);
}

export function draw(at, session, { whose, does }) {
  const where = [session.area, session.region].filter(Boolean).join(", ") || "one place";
  const circuit = at.like ? `A circuit like ${nameOfId(at.like)}` : at.style ? `A ${at.style} circuit` : "A session";
  const known = knownOf(session.logbook, { whose, does });
  const parts = Map.groupBy ? [...Map.groupBy(session.climbs, ({ part }) => part)] : grouped(session.climbs);
  return {
    title: `${circuit} at ${where}`,
    status: `${plural(session.climbs.length, "climb")} in about ${session.minutes} minutes, rests and tries included, for ${whose}.`,
    said: (session.note ? ` ${sentence(session.note)}` : "") + known.said,
    nodes: [...known.nodes, ...parts.map(([part, climbs]) => make("section", { class: "part" },
      make("h3", {}, PARTS[part], " ", make("small", {}, `${climbs.reduce((sum, { minutes }) => sum + minutes, 0)} min`)),
      make("ol", { class: "cards" }, ...climbs.map((climb) => card(climb, { whose, does, tag: "h4", here: Boolean(session.area) })))))],
  };
}

// Nothing fits what was chosen: no alarm, but a way out. Null where the error is another one.
export function nothing(at, error, change) {
  if (error.status !== 422 && error.status !== 404) return null;
  if (!SESSION.some((name) => at[name])) return null;
  return make("div", { class: "empty" }, make("p", {}, asIs(error.message)), clearing(change));
}

function grouped(climbs) {
  const parts = new Map();
  for (const climb of climbs) parts.set(climb.part, [...(parts.get(climb.part) ?? []), climb]);
  return [...parts];
}
