// A climb as a card: what it is, how hard for you, why, and what can be done about it.
import { band, button, make, plural } from "./dom.js";
import { ordinalOf, readText } from "./grades.js";
import { KINDS } from "./store.js";
import { asIs, graded, kindOf, titled } from "./words.js";

const names = new Map(); // of the climbs seen

export const nameOf = (climb) => climb.name || climb.climb_id;
export const nameOfId = (id) => names.get(id) ?? id;
export const learnName = (climb) => names.set(climb.climb_id, nameOf(climb));

// `does` holds what the buttons do: mark(climb, kind, card), similar(climb), pathTo(climb); those that lack have no
// button. `only` is a single button in their place, [text, what it does]. `here`: the place was said already.
export function card(climb, { whose = "you", does = {}, line = null, tag = "h3", only = null, here = false } = {}) {
  const reach = climb.reach ?? null;
  learnName(climb);
  const kind = ["card", here && "here", !graded() && "plain"].filter(Boolean).join(" ");
  return make("li", { class: kind, "data-climb": climb.climb_id },
    graded() && badge(climb.grade),
    make("div", { class: "what" }, make(tag, { class: "name" }, asIs(nameOf(climb))), meta(climb, here)),
    reach !== null && hardness(climb, reach),
    line ? make("p", { class: "line" }, line) : climb.why && because(climb.why),
    only ? make("div", { class: "foot" }, button([only[0], said(climb)], only[1])) : foot(climb, whose, does));
}

const said = (climb) => make("span", { class: "skip" }, asIs(`: ${nameOf(climb)}`));

export function badge(grade) {
  return make("span", { class: `grade ${band(ordinalOf(grade))}` }, asIs(grade ? readText(grade) : "?"));
}

function meta(climb, here) {
  const stars = climb.stars && make("b", { role: "img", "aria-label": `${climb.stars.toFixed(1)} of 5 stars` }, `★ ${climb.stars.toFixed(1)}`);
  const place = here ? "" : [climb.area, climb.region].filter(Boolean).join(", ");
  const parts = [place && asIs(place), stars, climb.sends && plural(climb.sends, "send")].filter(Boolean);
  return make("p", { class: "meta" }, ...parts.flatMap((part, at) => (at ? [" · ", part] : [part])));
}

// What the percentage means is said once above the cards, and to a screen reader on each.
function hardness(climb, reach) {
  const percent = reach > 0.99 ? ">99" : reach < 0.01 ? "<1" : String(Math.round(100 * reach));
  return make("p", { class: `hard ${climb.hard}` },
    make("b", {}, `${percent}%`, make("span", { class: "skip" }, " within reach, ")),
    make("span", {}, climb.hard));
}

function because({ sends }) {
  const moved = sends.filter((send) => send.drop > 0).slice(0, 2).map((send) => make("b", {}, asIs(send.name || send.climb_id)));
  if (!moved.length) return null;
  return make("p", { class: "line" }, "Because of ", ...moved.flatMap((name, at) => (at ? [" and ", name] : [name])));
}

function foot(climb, whose, does) {
  const marks = does.mark && Object.keys(KINDS).sort((a, b) => (a === "done" ? -1 : b === "done" ? 1 : 0)).map((kind) =>
    button([titled(labelOf(kind, does.logs)), said(climb)], (event) => does.mark(climb, kind, event.currentTarget.closest(".card")), { class: "mark" }));
  const more = [
    climb.why && why(climb.why, whose),
    make("p", { class: "links" },
      graded() && does.pathTo && button(["A path to it", said(climb)], () => does.pathTo(climb)),
      does.similar && button(["Similar climbs", make("span", { class: "skip" }, asIs(` to ${nameOf(climb)}`))], () => does.similar(climb), { "aria-haspopup": "dialog" }),
      graded() && does.circuit && button(["A circuit like it", said(climb)], () => does.circuit(climb)),
      link(climb)),
  ].filter(Boolean);
  return make("div", { class: "foot" }, marks,
    (climb.why || does.similar) && make("details", {}, make("summary", {}, climb.why ? "Why?" : "More", said(climb)), ...more));
}

const labelOf = (kind, logs) => (kind !== "done" ? kindOf(kind) : logs ? "done, log it" : "done, hide it");

function link(climb) {
  if (!climb.link || new URL(climb.link, location.href).protocol !== "https:") return null;
  return make("a", { href: climb.link, rel: "noreferrer" }, `At ${new URL(climb.link).hostname.replace(/^www\./, "")}`);
}

function why(reasons, whose) {
  const top = Math.max(...reasons.sends.map((send) => send.drop), 0);
  const rows = reasons.sends.filter((send) => send.drop > 0).map((send) =>
    make("li", {}, make("b", {}, asIs(send.name || send.climb_id)),
      make("span", {}, send.drop > 0.6 * top ? "moved it most" : send.drop > 0.25 * top ? "moved it" : "a little")));
  const share = Math.round(100 * (reasons.prompt_share ?? 0));
  const said = share > 0 ? `${share}% of it` : share < 0 ? "spoke against it" : "made no difference";
  const asked = reasons.prompt_share === null ? null : make("li", {}, "What you asked for", make("span", {}, said));
  if (!rows.length && !asked) return make("p", { class: "note" }, "No single send stands out.");
  return make("div", {},
    rows.length ? make("p", { class: "note" }, `What ${whose} sent before:`) : null,
    make("ul", { class: "why" }, ...rows, asked));
}
