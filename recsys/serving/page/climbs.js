// The view of climbs: the next ones for a logbook, or what is popular where there is none.
import { call } from "./api.js";
import { card } from "./cards.js";
import { button, make, plural, sentence } from "./dom.js";
import { clearing, filtersSet } from "./filters.js";
import { choices, disciplineOf, ordinalOf } from "./grades.js";
import { knownOf } from "./known.js";
import { blocked, ownerOf } from "./store.js";
import { asIs, spoken } from "./words.js";

const FIRST = 12;
const MOST = 60;
const ORDERS = { likely: "the likeliest first", easiest: "the easiest first", hardest: "the hardest first" };
let count = FIRST;
let counted = "";

export function question(at, logbook) {
  const body = { ...logbook, k: count, explain: Boolean(logbook.climber || logbook.sends), exclude_seen: at.again !== "1" };
  if (at.from || at.to) {
    const all = choices(disciplineOf(ordinalOf(at.from || at.to))); // an open end is the last of its ladder
    body.grade = `${at.from || all[0][0]}:${at.to || all.at(-1)[0]}`;
  }
  if (at.region) body.region = at.region;
  if (at.stars) body.min_stars = Number(at.stars);
  if (Number(at.mix) > 0) body.diversity = Number(at.mix);
  if (at.sort in ORDERS) body.sort = at.sort;
  if (body.explain) body.mode = at.mode;
  const block = blocked(ownerOf(at));
  if (block.length) body.block = block;
  return body;
}

export async function load(at, logbook, signal) {
  if (counted !== JSON.stringify(at)) count = FIRST;
  counted = JSON.stringify(at);
  return call("api/recommend", { body: question(at, logbook), signal });
}

export function draw(at, { items, logbook, note }, { whose, does, again }) {
  const known = knownOf(logbook, { whose, does });
  const told = known.said + (note ? ` ${sentence(note)}` : "");
  const order = Number(at.mix) > 0 && at.sort === "likely" ? "mixed for variety" : ORDERS[at.sort];
  const showMore = items.length >= count && count < MOST && button("Show more", () => {
    count += FIRST;
    again();
  }, { id: "more" });
  return {
    title: whose ? `Next for ${whose === "you" ? "you" : whose}` : spoken("Popular climbs"),
    said: whose ? told : "",
    status: whose ? `${plural(items.length, "climb")}, ${order}.` : `${plural(items.length, "climb")}, the most sent first.`,
    nodes: [
      ...known.nodes,
      items.some((climb) => climb.reach !== null && climb.reach !== undefined) &&
        make("p", { class: "legend" }, "The percentage is the chance that one of the next ten sends is at least this hard."),
      make("ol", { id: "cards", class: "cards" }, ...items.map((climb) => card(climb, { whose: whose ?? "you", does }))),
      showMore,
    ],
  };
}

// Nothing fits: no alarm, but a way out. Null where the error is another one.
export function nothing(at, error, change) {
  if (error.status !== 422 && error.status !== 404) return null;
  if (!filtersSet(at).length && at.mode === "auto") return null;
  return make("div", { class: "empty" }, make("p", {}, asIs(error.message)), clearing(change));
}
