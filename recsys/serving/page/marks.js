// "Done", "not for me" and "closed": what a climb is marked with takes effect at once, and can be taken back.
import { nameOf } from "./cards.js";
import { $, button, make, plural } from "./dom.js";
import { asIs, kindOf } from "./words.js";
import { leaveOut, leftOut, takeBack } from "./store.js";

const SHOWN_MS = 12000;
let timer = 0;

// Leaves the climb out, asks again, and goes on to the card that took its place.
export async function mark(climb, kind, render) {
  const cards = [...document.querySelectorAll("#answer .card")];
  const place = Math.max(cards.findIndex((each) => each.dataset.climb === climb.climb_id), 0);
  leaveOut(climb, kind);
  toast([asIs(nameOf(climb)), `: ${kindOf(kind)}.`], "Undo", () => {
    takeBack(climb.climb_id);
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

export function drawLeftOut(render) {
  const entries = Object.entries(leftOut());
  const box = $("left-out");
  box.hidden = !entries.length;
  box.replaceChildren(
    make("summary", {}, `${plural(entries.length, "climb")} left out`),
    make("p", { class: "note" }, "Kept in this browser and sent along with each question; the service stores none of it."),
    make("ul", {}, ...entries.map(([id, { name, kind }]) =>
      make("li", {}, make("span", {}, make("b", {}, asIs(name || id)), ` ${kindOf(kind)}`),
        button(["Take back", make("span", { class: "skip" }, asIs(` ${name || id}`))], () => {
          takeBack(id);
          render();
        })))));
}
