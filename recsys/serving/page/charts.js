// Skill over time with its band and the sends on it, and the pyramid of grades; both in words as well.
import { band, make, plural, shape } from "./dom.js";
import { read } from "./grades.js";

const HEIGHT = 250;
const LEFT = 44;
const BOTTOM = 24;
const NINE_IN_TEN = 1.645; // deviations to each side
const DAY_MS = 86400000;

export const day = (text) => new Date(`${text}T00:00:00Z`).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const days = (text) => Date.parse(`${text}T00:00:00Z`) / DAY_MS;

// A discipline's figure: of dated sessions by day, of others by their order.
export function skillFigure({ curve, sent }) {
  const dated = curve.length > 0 && curve.every((point) => point.day);
  const at = (point, place) => (dated ? days(point.day) : place);
  const points = curve.map((point, place) => ({ ...point, x: at(point, place) }));
  const dots = dated ? sent.map((dot) => ({ ...dot, x: days(dot.day) })) : [];
  const figure = make("figure", {}, make("figcaption", {}, "Skill over time"), make("p", { class: "words" }, skillWords(curve, dated)));
  if (points.length > 1 && points.at(-1).x > points[0].x) {
    const svg = shape("svg", { class: "chart", role: "img", "aria-label": "Skill over time; the sentence above says what it shows", height: HEIGHT });
    figure.append(key(dots.length > 0), svg);
    const draw = (width) => width > 0 && svg.replaceChildren(...drawing(points, dots, width, dated));
    new ResizeObserver(([entry]) => draw(entry.contentRect.width)).observe(svg);
  }
  if (curve.length) figure.append(make("details", {}, make("summary", {}, "As a table"), table(curve, dated)));
  return figure;
}

function skillWords(curve, dated) {
  if (!curve.length) return "No send of it has a grade, so there is no skill to tell.";
  const last = curve.at(-1);
  const best = curve.reduce((a, b) => (b.ability > a.ability ? b : a));
  const span = dated ? (curve.length > 1 ? ` from ${day(curve[0].day)} to ${day(last.day)}` : ` on ${day(last.day)}`) : " (in order; the dates are not known)";
  const likely = `most likely between ${read(last.ability - NINE_IN_TEN * last.deviation)} and ${read(last.ability + NINE_IN_TEN * last.deviation)}`;
  const peak = read(best.ability) === read(last.ability) || !dated ? "" : ` At its highest it was about ${read(best.ability)}, on ${day(best.day)}.`;
  return `About ${read(last.ability)} now, ${likely}; read from ${plural(curve.length, "session")}${span}.${peak}`;
}

function key(dots) {
  return make("p", { class: "key" }, make("span", { class: "of-line" }, "skill"), make("span", { class: "of-band" }, "nine times in ten it is in here"),
    dots && make("span", { class: "of-dot" }, "sends"));
}

function drawing(points, dots, width, dated) {
  const low = Math.floor(Math.min(...points.map((p) => p.ability - NINE_IN_TEN * p.deviation), ...dots.map((d) => d.ordinal))) - 0.4;
  const high = Math.ceil(Math.max(...points.map((p) => p.ability + NINE_IN_TEN * p.deviation), ...dots.map((d) => d.ordinal))) + 0.4;
  const [first, last] = [points[0].x, points.at(-1).x];
  const x = (value) => LEFT + 8 + (width - LEFT - 20) * ((value - first) / (last - first));
  const y = (value) => 8 + (HEIGHT - BOTTOM - 8) * (1 - (value - low) / (high - low));
  const line = (pick) => points.map((point) => `${x(point.x).toFixed(1)},${y(pick(point)).toFixed(1)}`);
  const above = line((p) => p.ability + NINE_IN_TEN * p.deviation);
  const below = line((p) => p.ability - NINE_IN_TEN * p.deviation).reverse();
  return [
    ...gradeLines(low, high, y, width),
    ...(dated ? dayLabels(first, last, x, width) : []),
    shape("path", { class: "area", d: `M${above.join("L")}L${below.join("L")}Z` }),
    ...dots.map((dot) => shape("circle", { class: "sent", cx: x(dot.x).toFixed(1), cy: y(dot.ordinal).toFixed(1), r: Math.min(2.5 + Math.sqrt(dot.sends), 7).toFixed(1) },
      shape("title", {}, `${day(dot.day)}: ${plural(dot.sends, "send")} of ${read(dot.ordinal)}`))),
    shape("path", { class: "line", d: `M${line((p) => p.ability).join("L")}` }),
  ];
}

function gradeLines(low, high, y, width) {
  const step = Math.ceil((high - low) / 8);
  const lines = [];
  for (let grade = Math.ceil(low); grade <= high; grade += step) {
    lines.push(shape("line", { class: "grid", x1: LEFT, x2: width, y1: y(grade), y2: y(grade) }),
      shape("text", { x: LEFT - 8, y: y(grade) + 4, "text-anchor": "end" }, read(grade)));
  }
  return lines;
}

// So many labels as have room: days within half a year, else months.
function dayLabels(first, last, x, width) {
  const shown = last - first < 180 ? { day: "numeric", month: "short" } : { month: "short", year: "numeric" };
  const count = Math.max(2, Math.min(6, Math.floor((width - LEFT) / 110)));
  const labels = new Map();
  for (let at = 0; at < count; at += 1) {
    const value = first + ((last - first) * at) / (count - 1);
    const text = new Date(value * DAY_MS).toLocaleString("en-GB", { ...shown, timeZone: "UTC" });
    if (!labels.has(text)) labels.set(text, value);
  }
  return [...labels].map(([text, value], at, all) => {
    const anchor = at === 0 ? "start" : at === all.length - 1 ? "end" : "middle";
    return shape("text", { x: x(value).toFixed(1), y: HEIGHT - 4, "text-anchor": anchor }, text);
  });
}

function table(curve, dated) {
  const head = [dated ? "Day" : "Session", "Sends", "Skill", "Between"].map((text) => make("th", { scope: "col" }, text));
  const rows = curve.map(({ day: on, sends, ability, deviation }, at) =>
    make("tr", {}, ...[dated ? day(on) : at + 1, sends, read(ability), `${read(ability - NINE_IN_TEN * deviation)} to ${read(ability + NINE_IN_TEN * deviation)}`]
      .map((text) => make("td", {}, String(text)))));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Skill as a table" },
    make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)));
}

export function pyramidFigure({ pyramid }) {
  const most = Math.max(...pyramid.map(({ sends }) => sends));
  const total = pyramid.reduce((sum, { sends }) => sum + sends, 0);
  const usual = pyramid.find(({ sends }) => sends === most);
  const rows = pyramid.map(({ ordinal, sends }) =>
    make("li", { class: sends ? null : "none" },
      make("span", { class: "at" }, read(ordinal)),
      make("span", { class: "wide", "aria-hidden": "true" }, sends > 0 && make("i", { class: `grade-bar ${band(ordinal)}`, "width%": (100 * sends) / most })),
      make("span", { class: "n" }, String(sends), make("span", { class: "skip" }, sends === 1 ? " send" : " sends"))));
  return make("figure", {},
    make("figcaption", {}, "Grade pyramid"),
    make("p", { class: "words" }, `${plural(total, "graded send")}; ${pyramid[0].sends} of the hardest, ${read(pyramid[0].ordinal)}; the most, ${most}, of ${read(usual.ordinal)}.`),
    make("ol", { class: "pyramid" }, ...rows));
}
