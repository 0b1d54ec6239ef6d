// Whose logbook: a climber of the service, or one's own, which this browser keeps.
import { call, Trouble } from "./api.js";
import { $, plural, sentence } from "./dom.js";
import { dated, dropMarks, keep, kept, ownerOf, sendsOf } from "./store.js";
import { spoken } from "./words.js";

const PICTURES = [[0x89, 0x50, 0x4e, 0x47], [0xff, 0xd8, 0xff], [0x47, 0x49, 0x46, 0x38], [0x25, 0x50, 0x44, 0x46]]; // PNG, JPEG, GIF, PDF
let unkept = null; // a logbook that the browser has no room for

export const own = () => unkept ?? kept("logbook");

// Of the address: { known, whose (as in "sends of ..."), body (for a request), name, note }; `logs`: what is done becomes
// a send of it.
export function logbookOf(at) {
  const mine = at.mine && own();
  if (mine) return { known: true, whose: "you", body: { sends: sendsOf(mine) }, name: mine.name, note: mine.note, logs: dated(mine) };
  if (at.climber) return { known: true, whose: at.climber, body: { climber: at.climber }, name: at.climber, note: "" };
  return { known: false, whose: null, body: {}, name: "", note: "" };
}

// Reads a file; throws a Trouble that says what else to choose. The browser keeps what the service read.
// `columns` ("date=Datum,climb=Route") are those of a spreadsheet of one's own.
export async function readFile(file, limit, signal, columns) {
  await refuse(file, limit);
  const found = await call(columns ? `api/logbook?columns=${encodeURIComponent(columns)}` : "api/logbook", { file, signal });
  const logbook = { name: file.name, note: noteOf(found), sends: found.sends };
  forgetOwn();
  unkept = keep("logbook", logbook) ? null : logbook;
}

// Two names of one climb: from now on the logbook has the service's id of it.
export function settle({ climb_id, known_id }) {
  const mine = own();
  const logbook = { ...mine, sends: mine.sends.map((send) => (send.climb_id === climb_id ? { ...send, climb_id: known_id } : send)) };
  unkept = keep("logbook", logbook) ? null : logbook;
}

export function forgetOwn() {
  unkept = null;
  keep("logbook", null);
  dropMarks(ownerOf({ mine: true }));
}

async function refuse(file, limit) {
  const begin = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  const picture = /^(image|video|audio)\//.test(file.type) || PICTURES.some((magic) => magic.every((byte, at) => begin[at] === byte));
  if (picture) {
    throw new Trouble(`${file.name} is no logbook: it is a picture, a recording or a PDF. Choose the CSV or JSON file that your site exported; how to export it again stands in the site's settings.`, 415);
  }
  if (file.size > limit) {
    throw new Trouble(`${file.name} is ${megabytes(file.size)}, and the service takes ${megabytes(limit)} at the most. ` +
      "Export fewer years, or remove the notes.", 413);
  }
}

const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

function noteOf(found) {
  const parts = [];
  if (found.n_rejects) parts.push(`${spoken(`${plural(found.n_rejects, "row was", "rows were")} not used`)}: ${found.rejects[0].reason}.`);
  parts.push(...found.notes.map((note) => sentence(note)));
  if (found.left_out) parts.push(`The oldest ${found.left_out} are not sent along.`);
  return parts.join(" ");
}

// Files from the button and from anywhere that one is dropped.
export function setUpFiles(take) {
  $("file").addEventListener("change", () => {
    const [file] = $("file").files;
    if (file) take(file);
    $("file").value = "";
  });
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      document.body.classList.toggle("over", kind === "dragenter" || kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
    });
  }
}
