// Skill over time as a line with the month's hardest send as dots, and the pyramid of grades.
import { band, make, plural, shape } from "./dom.js";

const HEIGHT = 230;
const LEFT = 40;
const BOTTOM = 24;

export function insights(target, disciplines) {
  const figures = disciplines.flatMap(({ discipline, skill, pyramid }) => {
    const kind = disciplines.length > 1 ? (discipline === "route" ? " on routes" : " on boulders") : "";
    return [skillFigure(skill, kind, discipline), pyramidFigure(pyramid, kind)];
  });
  target.replaceChildren(...figures);
}

function skillFigure(months, kind, discipline) {
  const last = months[months.length - 1];
  const hardest = months.reduce((a, b) => (b.best > a.best ? b : a));
  const said = `Skill${kind} over ${plural(months.length, "month")}: about ${gradeName(last.skill, discipline)} at the end; ` +
    `the hardest send was ${hardest.best_grade} in ${hardest.month}.`;
  const svg = shape("svg", { class: "chart", role: "img", "aria-label": said, height: HEIGHT });
  const figure = make("figure", {},
    make("figcaption", {}, `Skill over time${kind}`),
    make("p", { class: "key" }, make("span", {}, "mean of the ten hardest in a year"), make("span", { class: "dot" }, "hardest of the month")),
    svg,
    make("details", {}, make("summary", {}, "As a table"), table(months, discipline)));
  const draw = (width) => width > 0 && svg.replaceChildren(...drawing(months, discipline, width));
  new ResizeObserver(([entry]) => draw(entry.contentRect.width)).observe(svg);
  return figure;
}

function drawing(months, discipline, width) {
  const time = (month) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
  const [first, final] = [time(months[0].month), time(months[months.length - 1].month)];
  const values = months.flatMap(({ best, skill }) => [best, skill]);
  const [low, high] = [Math.floor(Math.min(...values)) - 0.3, Math.ceil(Math.max(...values)) + 0.3];
  const x = (month) => LEFT + 8 + (width - LEFT - 20) * (final > first ? (time(month) - first) / (final - first) : 0.5);
  const y = (value) => 8 + (HEIGHT - BOTTOM - 8) * (1 - (value - low) / (high - low));
  const points = months.map(({ month, skill }) => `${x(month).toFixed(1)},${y(skill).toFixed(1)}`);
  const floor = HEIGHT - BOTTOM;
  return [
    ...gradeLines(low, high, y, width, discipline),
    ...timeLabels(months, x, width),
    shape("path", { class: "area", d: `M${x(months[0].month)},${floor}L${points.join("L")}L${x(months[months.length - 1].month)},${floor}Z` }),
    shape("path", { class: "line", d: `M${points.join("L")}` }),
    ...months.map(({ month, best, best_grade, sends }) =>
      shape("circle", { class: "best", cx: x(month), cy: y(best), r: 3.5 },
        shape("title", {}, `${month}: ${best_grade}, ${plural(sends, "send")}`))),
  ];
}

function gradeLines(low, high, y, width, discipline) {
  const step = Math.ceil((high - low) / 8);
  const lines = [];
  for (let grade = Math.ceil(low); grade <= high; grade += step) {
    lines.push(shape("line", { class: "grid", x1: LEFT, x2: width, y1: y(grade), y2: y(grade) }),
      shape("text", { x: LEFT - 8, y: y(grade) + 4, "text-anchor": "end" }, gradeName(grade, discipline)));
  }
  return lines;
}

function timeLabels(months, x, width) {
  const labels = [];
  let free = 0;
  for (const { month } of months) {
    const at = Math.min(Math.max(x(month), LEFT + 24), width - 26);
    if (at < free) continue;
    const [year, number] = month.split("-");
    const name = new Date(Date.UTC(2000, Number(number) - 1, 1)).toLocaleString("en", { month: "short", timeZone: "UTC" });
    labels.push(shape("text", { x: at, y: HEIGHT - 4, "text-anchor": "middle" }, `${name} ${year}`));
    free = at + 84;
  }
  return labels;
}

function table(months, discipline) {
  const head = ["Month", "Sends", "Hardest", "Skill"].map((text) => make("th", { scope: "col" }, text));
  const rows = months.map(({ month, sends, best_grade, skill }) =>
    make("tr", {}, ...[month, sends, best_grade, gradeName(skill, discipline, true)].map((text) => make("td", {}, String(text)))));
  return make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
}

const FRENCH = ["1", "2", "3", "4a", "4b", "4c", "5a", "5b", "5c", "6a", "6a+", "6b", "6b+", "6c", "6c+", "7a", "7a+", "7b",
  "7b+", "7c", "7c+", "8a", "8a+", "8b", "8b+", "8c", "8c+", "9a", "9a+", "9b", "9b+", "9c"];

function gradeName(value, discipline, exact = false) {
  if (discipline === "route") return FRENCH[Math.min(Math.max(Math.round(value - 100), 0), FRENCH.length - 1)];
  if (value < -0.5) return "VB";
  return `V${exact ? value.toFixed(1) : Math.max(0, Math.round(value))}`;
}

function pyramidFigure(steps, kind) {
  const most = Math.max(...steps.map(({ sends }) => sends));
  const rows = steps.map(({ grade, sends }) =>
    make("li", {},
      make("span", { class: "name" }, grade),
      make("span", { class: "wide", "aria-hidden": "true" }, make("i", { class: `grade-bar ${band(grade) || "g2"}`, "width%": (100 * sends) / most })),
      make("span", { class: "n" }, String(sends), make("span", { class: "skip" }, sends === 1 ? " send" : " sends"))));
  return make("figure", {},
    make("figcaption", {}, `Grade pyramid${kind}`),
    make("p", { class: "key" }, "sends by grade, hardest first"),
    make("ol", { class: "pyramid" }, ...rows));
}
