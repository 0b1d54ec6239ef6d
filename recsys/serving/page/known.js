// What the service knows of a logbook's climbs, and its questions whether two names are one climb.
import { button, make, sentence } from "./dom.js";

export function knownOf(logbook, { whose, does }) {
  const questions = whose === "you" ? logbook?.questions ?? [] : [];
  const asked = (said) => questions.some(({ name, climb_id }) => said.startsWith(`${name} (${climb_id}) may be `));
  return {
    said: (logbook?.notes ?? []).filter((note) => !asked(note)).map((note) => ` ${sentence(note)}`).join(""),
    nodes: questions.map((each) => make("p", { class: "question" }, `Is ${each.name} of your logbook ${each.known_name} here? `,
      button("Yes, it is", () => does.settle(each)))),
  };
}
