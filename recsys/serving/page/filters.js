// The controls of each view. Every change goes into the address at once.
import { button, make, plural } from "./dom.js";
import { choices } from "./grades.js";
import { DEFAULTS, FILTERS, SESSION } from "./address.js";
import { nameOfId } from "./cards.js";
import { climbPicker } from "./picker.js";
import { asIs, graded } from "./words.js";

const MODES = [["auto", "For you"], ["warmup", "Warm-up"], ["stretch", "Stretch"], ["project", "Project"], ["any", "All"]];
const STARS = [["", "Any"], ["3", "3 or more"], ["4", "4 or more"], ["4.5", "4.5 or more"]];
const SORTS = [["likely", "Likeliest first"], ["easiest", "Easiest first"], ["hardest", "Hardest first"]];
const MINUTES = [["45", "45 minutes"], ["60", "1 hour"], ["90", "1½ hours"], ["120", "2 hours"], ["180", "3 hours"], ["240", "4 hours"]];
const COUNTS = [3, 5, 8, 10, 12, 16, 20].map((n) => [`n${n}`, plural(n, "climb")]);
const STEPS = Array.from({ length: 12 }, (_, at) => [String(at + 1), plural(at + 1, "climb")]);
const LEAPS = [["0.5", "half a grade"], ["1", "one grade"], ["1.5", "1½ grades"], ["2", "two grades"], ["3", "three grades"]];

export const filtersSet = (at) => FILTERS.filter((name) => at[name] !== DEFAULTS[name]);
const noFilters = () => Object.fromEntries(FILTERS.map((name) => [name, DEFAULTS[name]]));

// `context` knows the regions, the discipline and whether the logbook is known.
export function controls(at, context, change) {
  const field = (name, label, options, extra = {}) => select(at, name, label, options, change, extra);
  const where = field("region", "Region", [["", "Any"], ...context.regions.map(({ region }) => [region, asIs(region)])],
    { change: (region) => change({ region, area: "" }) });
  if (at.view === "path") {
    return [make("div", { class: "pair" }, field("steps", "Before the project", STEPS), field("leap", "Steps of at most", LEAPS)), where];
  }
  if (at.view === "session") return sessionControls(at, context, change, field, where);
  if (at.view === "skill") return [field("region", "Soft and hard grades in", [["", "All regions"], ...context.regions.map(({ region }) => [region, asIs(region)])])];
  return [context.known && graded() && modes(at, change), more(at, context, change, field, where)].filter(Boolean);
}

// How long and where; an area, or a circuit of a style or of climbs like one.
function sessionControls(at, { areas, styles, complain }, change, field, where) {
  const long = select({ long: at.count ? `n${at.count}` : at.minutes }, "long", "How long", [...MINUTES, ...COUNTS], change,
    { change: (value) => change(value[0] === "n" ? { count: value.slice(1) } : { minutes: value, count: "" }) });
  const here = areas.filter(({ region }) => !at.region || region === at.region);
  const area = here.length > 0 && field("area", "Area", [["", "The likeliest"], ...here.map(({ area: name }) => [name, asIs(name)])]);
  const style = styles.length > 0 && field("style", "Circuit in one style", [["", "None"], ...styles.map(({ style: name }) => [name, asIs(name)])],
    { change: (value) => change({ style: value, like: "" }) });
  const set = SESSION.filter((name) => at[name]);
  return [
    make("div", { class: "pair" }, long, where),
    make("details", { id: "filters" },
      make("summary", {}, "Area and circuit", count(set.length)),
      make("div", { class: "fields" }, make("div", { class: "pair" }, area, style), likeness(at, change, complain),
        set.length ? clearing(change, "clear") : null)),
  ];
}

function likeness(at, change, complain) {
  if (at.like) {
    return make("p", { class: "check" }, "Circuit of climbs like ", make("b", {}, asIs(nameOfId(at.like))),
      button(["Remove", make("span", { class: "skip" }, " the circuit")], () => change({ like: "" })));
  }
  return climbPicker("like", "Circuit of climbs like", (like) => change({ like, style: "" }), complain);
}

const count = (n) => (n ? make("b", { class: "count" }, String(n), make("span", { class: "skip" }, " set")) : null);

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
    make("summary", {}, "Filters", count(set.length)),
    make("div", { class: "fields" },
      graded() && make("div", { class: "pair" }, low, high),
      make("div", { class: "pair" }, where, field("stars", "Stars", STARS)),
      make("div", { class: "pair" }, graded() && field("sort", "Order", SORTS),
        make("div", {}, make("label", { for: "mix" }, "Variety"), mix)),
      make("label", { class: "check" }, again, "Leave out what was sent before"),
      set.length ? button("Clear filters", () => change(noFilters()), { id: "clear" }) : null));
}

export const clearing = (change, id = null) => button("Clear filters", () => change({ ...noFilters(), ...Object.fromEntries(SESSION.map((name) => [name, ""])), mode: DEFAULTS.mode }), { id });

// A range stays a range: the side that was not changed follows.
function ordered(at, changed, grades) {
  const { from, to } = { ...at, ...changed };
  const place = (grade) => grades.findIndex(([value]) => value === grade);
  if (!from || !to || place(from) <= place(to)) return changed;
  const [value] = Object.values(changed);
  return { from: value, to: value };
}

function select(at, name, label, options, change, { change: own } = {}) {
  const known = options.some(([value]) => value === at[name]) ? options : [...options, [at[name], asIs(at[name])]];
  const box = make("select", { id: name, onchange: () => (own ? own(box.value) : change({ [name]: box.value })) },
    ...known.map(([value, text]) => make("option", { value, selected: value === at[name] }, text)));
  return make("div", {}, make("label", { for: name }, label), box);
}
