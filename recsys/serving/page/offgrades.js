// The soft and hard grades of a region: climbs that are easier or harder than their grade says.
import { badge, nameOf } from "./cards.js";
import { make, plural } from "./dom.js";
import { readWords } from "./grades.js";
import { asIs } from "./words.js";

export function offGradesFigure(climbs, region) {
  const where = region || "all regions";
  const hard = climbs.filter(({ off }) => off > 0);
  const soft = climbs.filter(({ off }) => off < 0);
  const words = climbs.length
    ? `${plural(climbs.length, "climb")} whose grade is off: ${hard.length} hard for it, ${soft.length} soft. By the votes of those who sent them and how strong they are, and likely farther off than told, since few vote against a grade; ± is one standard deviation.`
    : "No climb is known to be soft or hard for its grade.";
  return make("figure", { class: "off" }, make("figcaption", {}, "Soft and hard grades, ", region ? asIs(where) : where), make("p", { class: "words" }, words),
    climbs.length > 0 && make("div", { class: "sides" }, side("Hard for the grade", hard), side("Soft for the grade", soft)));
}

function side(title, climbs) {
  if (!climbs.length) return null;
  return make("div", {}, make("h3", {}, title), make("ol", {}, ...climbs.map(row)));
}

function row(climb) {
  const off = `${climb.off > 0 ? "+" : "−"}${Math.abs(climb.off).toFixed(2)} ± ${climb.deviation.toFixed(2)}`;
  return make("li", {}, badge(climb.grade),
    make("div", { class: "what" }, make("p", { class: "name" }, asIs(nameOf(climb))),
      make("p", { class: "meta" }, climb.region && asIs(`${climb.region} · `), plural(climb.sends, "send"))),
    make("p", { class: "like" }, make("b", {}, `like ${readWords(climb.climbs_like)}`), make("span", {}, off)));
}
