// The view of skill: what a logbook tells, one discipline at a time.
import { call } from "./api.js";
import { day, pyramidFigure, skillFigure } from "./charts.js";
import { ascents, make } from "./dom.js";
import { knownOf } from "./known.js";
import { offGradesFigure } from "./offgrades.js";

const NAMES = { boulder: "Boulders", route: "Routes" };

export async function load(at, logbook, signal, told) {
  const region = at.region && `&region=${encodeURIComponent(at.region)}`;
  const [skill, { climbs }] = await Promise.all([told(signal), call(`api/off-grades?k=20${region}`, { signal })]);
  return { skill, climbs };
}

export function draw(at, { skill: told, climbs }, { whose, note, does, change }) {
  const { disciplines } = told;
  const shown = disciplines.find(({ discipline }) => discipline === at.on) ?? disciplines[0];
  const known = knownOf(told.logbook, { whose, does });
  const span = told.first ? `, ${day(told.first)} to ${day(told.last)}` : "";
  return {
    title: whose === "you" ? "Your skill" : `Skill of ${whose}`,
    status: `${ascents(told)}${span}.`,
    said: (note ? ` ${note}` : "") + known.said,
    nodes: [
      ...known.nodes,
      disciplines.length > 1 && choice(disciplines, shown, change),
      shown ? make("div", { class: "figures" }, skillFigure(shown), shown.pyramid.length > 0 && pyramidFigure(shown))
        : make("div", { class: "empty" }, make("p", {}, "No send of this logbook has a grade that can be read, so there is nothing to draw.")),
      offGradesFigure(climbs, at.region),
    ],
  };
}

function choice(disciplines, shown, change) {
  return make("fieldset", { class: "modes" }, make("legend", { class: "skip" }, "Discipline"),
    ...disciplines.map(({ discipline }) => make("label", {},
      make("input", { type: "radio", name: "on", value: discipline, checked: discipline === shown.discipline, onchange: () => change({ on: discipline }) }),
      make("span", {}, NAMES[discipline]))));
}
