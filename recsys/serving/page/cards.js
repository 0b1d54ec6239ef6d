// A climb as a card: what it is, how likely, why, and a way to similar ones.
import { band, make, plural } from "./dom.js";

export function card(climb, { best = null, onSimilar, whose = "this climber" }) {
  const name = climb.name || climb.climb_id;
  const meta = make("p", { class: "meta" });
  const stars = climb.stars && make("b", { role: "img", "aria-label": `${climb.stars} of 5 stars` }, `★ ${climb.stars.toFixed(1)}`);
  const parts = [climb.region, stars, climb.sends && plural(climb.sends, "send")].filter(Boolean);
  parts.forEach((part, place) => meta.append(place ? " · " : "", part));
  const button = make("button", { type: "button", "aria-haspopup": "dialog", onclick: () => onSimilar(climb, button) },
    "Similar climbs", make("span", { class: "skip" }, ` to ${name}`));
  return make("li", { class: "card", "data-climb": climb.climb_id },
    make("span", { class: `grade ${band(climb.grade)}` }, climb.grade || "?"),
    make("h3", {}, name),
    meta,
    best && chance(climb.score, best),
    make("div", { class: "foot" }, climb.why && why(climb.why, whose), button));
}

function chance(score, best) {
  const percent = (100 * score).toLocaleString("en", { minimumSignificantDigits: 2, maximumSignificantDigits: 2 });
  return make("div", { class: "chance" },
    make("span", { class: "bar", "aria-hidden": "true" }, make("i", { "width%": Math.max(2, (100 * score) / best) })),
    make("span", {}, `${percent}% to be next`));
}

function why(reasons, whose) {
  const top = Math.max(...reasons.sends.map((send) => send.drop), 0);
  const rows = reasons.sends.filter((send) => send.drop > 0).map((send) =>
    make("li", {}, make("b", {}, send.name || send.climb_id),
      make("span", {}, send.drop > 0.6 * top ? "moved it most" : send.drop > 0.25 * top ? "moved it" : "a little")));
  const share = Math.round(100 * (reasons.prompt_share ?? 0));
  const said = share > 0 ? `${share}% of it` : share < 0 ? "spoke against it" : "made no difference";
  const asked = reasons.prompt_share === null ? null : make("li", {}, "What you asked for", make("span", {}, said));
  return make("details", {},
    make("summary", {}, "Why this one?"),
    rows.length ? make("p", { class: "note" }, `Because of what ${whose} sent:`) : null,
    make("ul", { class: "why" }, ...rows, asked),
    rows.length || asked ? null : make("p", { class: "note" }, "No single send stands out."));
}
