// The view of a path: pick a project, and see the climbs that lead to it.
import { call } from "./api.js";
import { badge, card, nameOf } from "./cards.js";
import { button, make, plural, sentence } from "./dom.js";
import { readText, readWords } from "./grades.js";
import { knownOf } from "./known.js";
import { climbPicker } from "./picker.js";
import { blocked, ownerOf } from "./store.js";
import { asIs } from "./words.js";

const LEAPS = [1, 1.5, 2, 3];
const MOST = 12;

export async function load(at, logbook, signal) {
  const block = blocked(ownerOf(at));
  const more = { ...(at.region && { region: at.region }), ...(block.length && { block }) };
  if (!at.project) {
    const { items } = await call("api/recommend", { body: { ...logbook, ...more, mode: "project", k: 6 }, signal });
    return { projects: items };
  }
  return call("api/path", { body: { ...logbook, ...more, project: at.project, steps: Number(at.steps) || 5, leap: Number(at.leap) || 1 }, signal });
}

export function draw(at, path, context) {
  return path.projects ? choosing(path.projects, context) : drawn(path, context);
}

// The search for a project; also where a path could not be found.
export const search = ({ change, complain }) => climbPicker("project", "Your project", (project) => change({ project }), complain);

function choosing(projects, { whose, does, ...context }) {
  return {
    title: "A path to a project",
    status: "Name the climb that you want to do, or take one of these.",
    nodes: [
      search(context),
      make("ol", { class: "cards" }, ...projects.map((climb) => card(climb, { whose, only: ["Show the path", () => does.pathTo(climb)] }))),
    ],
  };
}

function drawn({ ability, note, steps, project, logbook }, { whose, does, change }) {
  const times = project.score / Math.max(project.score_before, 1e-12);
  const nearer = times >= 1.1 ? ` After them it is ${times.toLocaleString("en", { maximumFractionDigits: times < 10 ? 1 : 0 })} times as likely to be the next send.` : "";
  const known = knownOf(logbook, { whose, does });
  return {
    title: `A path to ${nameOf(project)}`,
    status: `${plural(steps.length, "climb")} from about ${readText(ability)} to ${readText(project.grade)}, then the project.${nearer}`,
    said: (note ? ` ${sentence(note)}` : "") + known.said,
    nodes: [
      ...known.nodes,
      button("Choose another project", () => change({ project: "" })),
      make("ol", { class: "trail" },
        make("li", { class: "from" }, badge(ability), make("p", {}, whose === "you" ? "Where you are" : `Where ${whose} is`)),
        ...steps.map((step) => card(step, { whose, line: asIs(readWords(sentence(step.reason))), does: { mark: does.mark, similar: does.similar } })),
        card(project, { whose, line: "The project.", does: {} })),
    ],
  };
}

// No path fits: no alarm, but what to change. Null where the error is another one.
export function nothing(at, error, change, drawing) {
  if (error.status !== 422 || !at.project) return null;
  const leap = LEAPS.find((each) => each > Number(at.leap));
  return make("div", { class: "empty" }, make("p", {}, asIs(error.message)),
    leap && button(`Allow steps of ${leap === 1 ? "a grade" : `${leap} grades`}`, () => change({ leap: String(leap) })),
    Number(at.steps) < MOST && button("Allow 12 climbs before it", () => change({ steps: String(MOST) })),
    search(drawing));
}
