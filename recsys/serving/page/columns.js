// The columns of a spreadsheet of one's own, named by hand: which of them holds the date, the climb, the grade.
import { button, make } from "./dom.js";
import { asIs } from "./words.js";

// Ours, what a person calls it, and the words by which theirs is guessed.
const FIELDS = [
  ["date", "Date", /^(date|datum|day|tag|when|dato|fecha|data|päivä|jour)/i],
  ["climb", "Climb", /^(climb|route|name|problem|boulder|weg|tour|voie|bloc|vía|via|nome|nombre|nom)/i],
  ["grade", "Grade", /^(grade|grad|schwierigkeit|difficulty|how hard|cotation|grado|rating|level)/i],
  ["crag", "Crag", /^(crag|area|location|place|sector|where|fels|gebiet|ort|falaise|site|lieu|sector|gym|halle|wall)/i],
  ["style", "How it went", /^(style|stil|send|ascent|tick|attempt|begehung|outcome|result|type of ascent)/i],
  ["rating", "Stars, 1 to 5", /^(stars|sterne|étoiles|estrellas|quality|qualität)/i],
];
const NEEDED = 2; // the first so many must be chosen

// A form that calls `read` with "date=Datum,climb=Route"; each of the file's columns is guessed for one thing at most.
export function columnsForm(columns, read) {
  const free = new Set(columns);
  const boxes = FIELDS.map(([ours, label, words], at) => {
    const guess = [...free].find((column) => words.test(column)) ?? "";
    free.delete(guess);
    const box = make("select", { id: `column-${ours}`, required: at < NEEDED },
      make("option", { value: "" }, at < NEEDED ? "choose" : "none"),
      ...columns.map((column) => make("option", { value: column, selected: column === guess }, asIs(column))));
    return { ours, box, field: make("label", {}, make("span", {}, label), box) };
  });
  const form = make("form", { class: "columns", "aria-label": "Columns of your file" },
    make("p", {}, "Say what its columns hold."), ...boxes.map(({ field }) => field), button("Read it so", () => form.requestSubmit()));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    read(boxes.filter(({ box }) => box.value).map(({ ours, box }) => `${ours}=${box.value}`).join(","));
  });
  return form;
}
