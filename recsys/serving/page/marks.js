// "Done", "not for me" and "closed": what a climb is marked with takes effect at once, and can be taken back.
import { nameOf } from "./cards.js";
import { $, button, make, plural } from "./dom.js";
import { asIs, kindOf } from "./words.js";
import { leaveOut, leftOut, takeBack } from "./store.js";

const SHOWN_MS = 12000;
let timer = 0;

// Leaves the climb out, asks again, and goes on to the card that took its place.
export async function mark(owner, logs, climb, kind, render) {
  const cards = [...document.querySelectorAll("#answer .card")];
  const place = Math.max(cards.findIndex((each) => each.dataset.climb === climb.climb_id), 0);
  leaveOut(owner, climb, kind);
  toast([asIs(nameOf(climb)), `: ${effectOf(kind, logs)}.`], "Undo", () => {
    takeBack(owner, climb.climb_id);
    render();
  });
  await render();
  const next = [...document.querySelectorAll("#answer .card")][place]?.querySelector(".mark");
  (next ?? $("results")).focus();
}

function toast(text, action, run) {
  const box = $("toast");
  box.replaceChildren(make("p", {}, ...text), button(action, () => {
    box.replaceChildren();
    run();
  }));
  clearTimeout(timer);
  timer = setTimeout(() => box.replaceChildren(), SHOWN_MS);
}

// What a mark does, in words: what is done becomes a send of a logbook of one's own that has days; else it only hides.
const effectOf = (kind, logs) =>
  kind !== "done" ? kindOf(kind) : logs ? "done, a send of your logbook from now on" : "done, hidden; the logbook stays as it is";

export function drawLeftOut(owner, logs, render) {
  const entries = Object.entries(leftOut(owner));
  const box = $("left-out");
  box.hidden = !entries.length;
  box.replaceChildren(
    make("summary", {}, `${plural(entries.length, "climb")} left out`),
    make("p", { class: "note" }, "Kept in this browser and sent along with each question; the service stores none of it."),
    make("ul", {}, ...entries.map(([id, { name, kind }]) =>
      make("li", {}, make("span", {}, make("b", {}, asIs(name || id)), ` ${effectOf(kind, logs)}`),
        button(["Take back", make("span", { class: "skip" }, asIs(` ${name || id}`))], () => {
          takeBack(owner, id);
          render();
        })))));
}
