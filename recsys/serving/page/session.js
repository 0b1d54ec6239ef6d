// The view of a session: a day at one crag, to take along.
import { call } from "./api.js";
import { card } from "./cards.js";
import { make, plural } from "./dom.js";
import { blocked } from "./store.js";

const PARTS = { "warm-up": "Warm up", project: "Projects", "cool-down": "Cool down", circuit: "Circuit" };

export async function load(at, logbook, signal) {
  const body = { ...logbook, minutes: Number(at.minutes) || 120 };
  if (at.region) body.region = at.region;
  if (blocked().length) body.block = blocked();
  return call("api/session", { body, signal });
}

export function draw(at, session, { whose, does }) {
  const where = [session.area, session.region].filter(Boolean).join(", ") || "one crag";
  const parts = Map.groupBy ? [...Map.groupBy(session.climbs, ({ part }) => part)] : grouped(session.climbs);
  return {
    title: `A session at ${where}`,
    status: `${plural(session.climbs.length, "climb")} in about ${session.minutes} minutes, rests and tries included, for ${whose}.`,
    nodes: parts.map(([part, climbs]) => make("section", { class: "part" },
      make("h3", {}, PARTS[part], " ", make("small", {}, `${climbs.reduce((sum, { minutes }) => sum + minutes, 0)} min`)),
      make("ol", { class: "cards" }, ...climbs.map((climb) => card(climb, { whose, does, tag: "h4", here: Boolean(session.area) }))))),
  };
}

function grouped(climbs) {
  const parts = new Map();
  for (const climb of climbs) parts.set(climb.part, [...(parts.get(climb.part) ?? []), climb]);
  return [...parts];
}
