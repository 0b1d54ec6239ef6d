// The search for a climber: a combobox with a list, by the WAI-ARIA pattern.
import { call } from "./api.js";
import { $, make } from "./dom.js";

const input = $("climber");
const list = $("climber-list");
let active = -1;
let waiting = 0;
let running = null;

export function setUpPicker(choose, complain) {
  const options = () => [...list.querySelectorAll("[role=option]")];
  const close = () => show([]);
  const take = (option) => {
    close();
    input.value = "";
    choose(option.textContent);
  };

  function show(elements) {
    active = -1;
    list.replaceChildren(...elements);
    list.hidden = elements.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    input.removeAttribute("aria-activedescendant");
  }

  function move(step) {
    const all = options();
    if (!all.length) return;
    active = (active + step + all.length) % all.length;
    all.forEach((option, place) => option.setAttribute("aria-selected", String(place === active)));
    input.setAttribute("aria-activedescendant", all[active].id);
    all[active].scrollIntoView({ block: "nearest" });
  }

  async function search() {
    running?.abort();
    running = new AbortController();
    const text = input.value.trim();
    if (!text) return close();
    try {
      const { climbers } = await call(`api/climbers?k=8&search=${encodeURIComponent(text)}`, { signal: running.signal });
      const found = climbers.map((name, place) =>
        make("li", { role: "option", id: `climber-${place}`, "aria-selected": "false" }, name));
      show(found.length ? found : [make("li", { role: "presentation" }, "No climber has this in the name.")]);
    } catch (error) {
      if (error.name !== "AbortError") complain(error, search);
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 150);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      close();
    } else if (event.key === "Enter" && options().length) {
      event.preventDefault();
      take(options()[Math.max(active, 0)]);
    }
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
  input.addEventListener("blur", close);
}
