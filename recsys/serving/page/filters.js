// The controls of each view. Every change goes into the address at once.
import { button, make, plural } from "./dom.js";
import { choices } from "./grades.js";
import { DEFAULTS, FILTERS } from "./address.js";

const MODES = [["auto", "For you"], ["warmup", "Warm-up"], ["stretch", "Stretch"], ["project", "Project"], ["any", "All"]];
const STARS = [["", "Any"], ["3", "3 or more"], ["4", "4 or more"], ["4.5", "4.5 or more"]];
const SORTS = [["likely", "Likeliest first"], ["easiest", "Easiest first"], ["hardest", "Hardest first"]];
const MINUTES = [["45", "45 minutes"], ["60", "1 hour"], ["90", "1½ hours"], ["120", "2 hours"], ["180", "3 hours"], ["240", "4 hours"]];
const STEPS = Array.from({ length: 12 }, (_, at) => [String(at + 1), plural(at + 1, "climb")]);
const LEAPS = [["0.5", "half a grade"], ["1", "one grade"], ["1.5", "1½ grades"], ["2", "two grades"], ["3", "three grades"]];

export const filtersSet = (at) => FILTERS.filter((name) => at[name] !== DEFAULTS[name]);
const noFilters = () => Object.fromEntries(FILTERS.map((name) => [name, DEFAULTS[name]]));

// `context` knows the regions, the discipline and whether the logbook is known.
export function controls(at, context, change) {
  const field = (name, label, options, extra = {}) => select(at, name, label, options, change, extra);
  const where = field("region", "Region", [["", "Anywhere"], ...context.regions.map(({ region }) => [region, region])]);
  if (at.view === "path") {
    return [make("div", { class: "pair" }, field("steps", "Before the project", STEPS), field("leap", "Steps of at most", LEAPS)), where];
  }
  if (at.view === "session") return [make("div", { class: "pair" }, field("minutes", "How long", MINUTES), where)];
  if (at.view === "skill") return [];
  return [context.known && modes(at, change), more(at, context, change, field, where)].filter(Boolean);
}

function modes(at, change) {
  return make("fieldset", { class: "modes" }, make("legend", { class: "skip" }, "How hard"),
    ...MODES.map(([value, text]) => make("label", {},
      make("input", { type: "radio", name: "mode", value, checked: at.mode === value, onchange: () => change({ mode: value }) }),
      make("span", {}, text))));
}

function more(at, context, change, field, where) {
  const set = filtersSet(at);
  const grades = [["", "Any"], ...choices(context.discipline)];
  const low = field("from", "Grade from", grades, { change: (from) => change(ordered(at, { from }, grades)) });
  const high = field("to", "to", grades, { change: (to) => change(ordered(at, { to }, grades)) });
  const mix = make("input", { id: "mix", type: "range", min: "0", max: "0.8", step: "0.2", value: at.mix, onchange: (event) => change({ mix: event.target.value }) });
  const again = make("input", { id: "again", type: "checkbox", checked: at.again !== "1", onchange: (event) => change({ again: event.target.checked ? "" : "1" }) });
  return make("details", { id: "filters" },
    make("summary", {}, "Filters", set.length ? make("b", { class: "count" }, String(set.length), make("span", { class: "skip" }, " set")) : null),
    make("div", { class: "fields" },
      make("div", { class: "pair" }, low, high),
      make("div", { class: "pair" }, where, field("stars", "Stars", STARS)),
      make("div", { class: "pair" }, field("sort", "Order", SORTS),
        make("div", {}, make("label", { for: "mix" }, "Variety"), mix)),
      make("label", { class: "check" }, again, "Leave out what was sent before"),
      set.length ? button("Clear filters", () => change(noFilters()), { id: "clear" }) : null));
}

export const clearing = (change) => button("Clear filters", () => change({ ...noFilters(), mode: DEFAULTS.mode }));

// A range stays a range: the side that was not changed follows.
function ordered(at, changed, grades) {
  const { from, to } = { ...at, ...changed };
  const place = (grade) => grades.findIndex(([value]) => value === grade);
  if (!from || !to || place(from) <= place(to)) return changed;
  const [value] = Object.values(changed);
  return { from: value, to: value };
}

function select(at, name, label, options, change, { change: own } = {}) {
  const known = options.some(([value]) => value === at[name]) ? options : [...options, [at[name], at[name]]];
  const box = make("select", { id: name, onchange: () => (own ? own(box.value) : change({ [name]: box.value })) },
    ...known.map(([value, text]) => make("option", { value, selected: value === at[name] }, text)));
  return make("div", {}, make("label", { for: name }, label), box);
}
