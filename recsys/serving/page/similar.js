// Climbs like one, in a dialog: those within two grades of it.
import { call } from "./api.js";
import { card, nameOf } from "./cards.js";
import { $, plural } from "./dom.js";
import { ordinalOf } from "./grades.js";
import { spoken } from "./words.js";

const ASKED = 60;
const SHOWN = 8;
const APART = 2; // grades

export async function showSimilar(climb, does) {
  const dialog = $("similar");
  $("similar-title").textContent = `Similar to ${nameOf(climb)}`;
  $("similar-cards").replaceChildren();
  $("similar-status").textContent = "Looking…";
  if (!dialog.open) dialog.showModal();
  $("similar-title").focus();
  try {
    const { items } = await call(`api/climbs/${encodeURIComponent(climb.climb_id)}/similar?k=${ASKED}`);
    const near = items.filter(({ grade }) => isNear(grade, climb.grade)).slice(0, SHOWN);
    const pathTo = does.pathTo && ((each) => {
      dialog.close();
      does.pathTo(each);
    });
    $("similar-cards").replaceChildren(...near.map((each) => card(each, { does: { similar: does.similar, pathTo } })));
    const within = ordinalOf(climb.grade) === null ? "" : " within two grades";
    $("similar-status").textContent = spoken(near.length
      ? `${plural(near.length, "climb")}${within}, sent by the same people.`
      : `No climb${within} is like it.`);
  } catch (error) {
    $("similar-status").textContent = error.message;
  }
}

function isNear(grade, own) {
  const [a, b] = [ordinalOf(grade), ordinalOf(own)];
  return b === null || (a !== null && Math.abs(a - b) <= APART);
}
