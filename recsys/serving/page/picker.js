// A search with a list of what was found: a combobox, by the WAI-ARIA pattern.
import { call } from "./api.js";
import { nameOf } from "./cards.js";
import { make } from "./dom.js";
import { readText } from "./grades.js";
import { asIs } from "./words.js";

const PAUSE_MS = 150;

// `find(text, signal)` answers with [{ text, note, value }]; `choose(value)` takes one.
export function setUpPicker(input, list, { find, choose, complain, nothing }) {
  let active = -1;
  let waiting = 0;
  let running = null;
  let found = [];

  function show(elements) {
    active = -1;
    list.replaceChildren(...elements);
    list.hidden = elements.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    input.removeAttribute("aria-activedescendant");
  }

  function close() {
    clearTimeout(waiting);
    running?.abort();
    found = [];
    show([]);
  }

  function take(place) {
    const { value } = found[place];
    close();
    input.value = "";
    choose(value);
  }

  function move(step) {
    if (!found.length) return;
    active = (active + step + found.length) % found.length;
    [...list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === active)));
    input.setAttribute("aria-activedescendant", list.children[active].id);
    list.children[active].scrollIntoView({ block: "nearest" });
  }

  async function search() {
    running?.abort();
    const mine = (running = new AbortController());
    const text = input.value.trim();
    if (!text) return close();
    try {
      const answer = await find(text, mine.signal);
      if (mine !== running) return;
      found = answer;
      const options = found.map(({ text: shown, note }, place) =>
        make("li", { role: "option", id: `${list.id}-${place}`, "aria-selected": "false" }, asIs(shown), note && make("small", {}, asIs(note))));
      show(options.length ? options : [make("li", { role: "option", "aria-disabled": "true", "aria-selected": "false" }, nothing)]);
    } catch (error) {
      if (error.name !== "AbortError") complain(error, search);
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, PAUSE_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      close();
    } else if (event.key === "Enter" && found.length) {
      event.preventDefault();
      take(Math.max(active, 0));
    }
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const place = [...list.children].indexOf(event.target.closest("[role=option]"));
    if (place >= 0 && place < found.length) take(place);
  });
  input.addEventListener("blur", close);
}

// A search for a climb by its name, with its label.
export function climbPicker(id, label, choose, complain) {
  const input = make("input", {
    id, type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", placeholder: "Search climbs by name",
    "aria-expanded": "false", "aria-controls": `${id}-list`, "aria-autocomplete": "list", maxlength: "100",
  });
  const list = make("ul", { id: `${id}-list`, role: "listbox", "aria-label": "Climbs found", hidden: true });
  setUpPicker(input, list, {
    find: async (text, signal) => (await call(`api/climbs?k=8&search=${encodeURIComponent(text)}`, { signal })).items.map((climb) => ({
      text: nameOf(climb), note: [readText(climb.grade), climb.region].filter(Boolean).join(" · "), value: climb.climb_id,
    })),
    choose,
    complain,
    nothing: "No climb has this in the name.",
  });
  return make("div", { class: "combo wide" }, make("label", { for: id }, label), input, list);
}
