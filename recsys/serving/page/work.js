// One job at a time, its progress in words: busy, slow, given up, failed. A newer job ends an older one.
import { rememberKey } from "./api.js";
import { $, button, make } from "./dom.js";
import { asIs, spoken } from "./words.js";

const SLOW_MS = 3000;
const REFUSED = new Set([400, 404, 413, 415, 422]); // asking the same again would not help
let current = null;

// A line of the page, and what the service said, which is in the words of the domain already.
export const say = (text, said = "") => ($("status").textContent = spoken(text) + said);

export async function work(job, { retry, failed }) {
  current?.abort();
  const running = (current = new AbortController());
  problem(null);
  say("Looking…");
  $("results").setAttribute("aria-busy", "true");
  const slow = setTimeout(() => {
    say("Still working: the service is slow.");
    $("cancel").hidden = false;
  }, SLOW_MS);
  try {
    await job(running.signal);
  } catch (error) {
    if (running !== current) return;
    say(error.name === "AbortError" ? "Given up." : "");
    if (error.name !== "AbortError" && !failed(error)) problem(error, retry);
  } finally {
    clearTimeout(slow);
    if (running === current) {
      $("results").setAttribute("aria-busy", "false");
      $("cancel").hidden = true;
    }
  }
}

export const giveUp = () => current?.abort();

export function problem(error, retry, ...more) {
  const box = $("problem");
  box.hidden = !error;
  if (!error) return box.replaceChildren();
  const parts = [make("p", {}, asIs(error.message)), ...more];
  if (error.status === 401) parts.push(keyForm(retry));
  else if (retry && !REFUSED.has(error.status)) parts.push(button("Try again", () => retry()));
  box.replaceChildren(...parts);
}

function keyForm(retry) {
  const input = make("input", { type: "password", "aria-label": "API key", autocomplete: "off" });
  const form = make("form", {}, input, make("button", {}, "Use this key"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    rememberKey(input.value.trim());
    retry?.();
  });
  return form;
}
