// The page: whose logbook, what kind of climb, and the answer to both.
import { call, rememberKey } from "./api.js";
import { card } from "./cards.js";
import { insights } from "./charts.js";
import { $, make, plural } from "./dom.js";
import { setUpPicker } from "./picker.js";

const SLOW_MS = 3000;
const FIRST = 12;
const REFUSED = new Set([400, 404, 413, 415, 422]); // asking the same again would not help
const GRADES = ["VB", ...Array.from({ length: 18 }, (_, step) => `V${step}`)];
const state = { climber: null, sends: null, k: FIRST, limits: null, running: null };

// ---- asking

function question() {
  const [low, high] = [$("low").value, $("high").value];
  const body = {
    k: state.k,
    explain: Boolean(state.climber || state.sends),
    exclude_seen: $("fresh").checked,
    diversity: Number($("variety").value),
  };
  if (state.climber) body.climber = state.climber;
  if (state.sends) body.sends = state.sends;
  if (low || high) body.grade = `${low || "VB"}:${high || "V17"}`;
  if ($("region").value) body.region = $("region").value;
  if ($("stars").value) body.min_stars = Number($("stars").value);
  return body;
}

// Runs a job with its progress in words: busy, slow, given up, failed. A newer job ends an older one.
async function work(job, retry) {
  state.running?.abort();
  const running = (state.running = new AbortController());
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
    if (running !== state.running) return;
    say("");
    if (error.name !== "AbortError") problem(error, retry);
    else say("Given up.");
  } finally {
    clearTimeout(slow);
    if (running === state.running) {
      $("results").setAttribute("aria-busy", "false");
      $("cancel").hidden = true;
    }
  }
}

function recommend() {
  return work(async (signal) => {
    const { items, logbook } = await call("api/recommend", { body: question(), signal }).catch((error) => {
      if (REFUSED.has(error.status)) $("cards").replaceChildren(); // they answer another question
      throw error;
    });
    showClimbs(items, logbook);
  }, recommend);
}

function showClimbs(items, logbook = null) {
  const whose = state.climber ?? (state.sends ? "your logbook" : null);
  $("results-title").textContent = whose ? `Next for ${whose}` : "Popular climbs";
  const best = Math.max(...items.map(({ score }) => score), 1e-9);
  const options = { best, onSimilar: showSimilar, whose: state.climber ?? "you" };
  $("cards").replaceChildren(...items.map((climb) => card(climb, options)));
  const known = (logbook?.notes ?? []).map((note) => ` ${note[0].toUpperCase()}${note.slice(1)}.`).join("");
  say(whose ? `${plural(items.length, "climb")}, the likeliest first.${known}` : `${plural(items.length, "climb")}. Choose a logbook to make them yours.`);
  $("more").hidden = items.length < state.k || state.k >= 60;
}

function say(text) {
  $("status").textContent = text;
}

function problem(error, retry) {
  const box = $("problem");
  box.hidden = !error;
  if (!error) return box.replaceChildren();
  const parts = [make("p", {}, error.message)];
  if (error.status === 401) parts.push(keyForm(retry));
  else if (retry && !REFUSED.has(error.status)) parts.push(make("button", { type: "button", onclick: () => retry() }, "Try again"));
  box.replaceChildren(...parts);
  return null;
}

function keyForm(retry) {
  const input = make("input", { type: "password", "aria-label": "API key", autocomplete: "off" });
  const form = make("form", {}, input, make("button", {}, "Use this key"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    rememberKey(input.value.trim());
    begin();
    retry?.();
  });
  return form;
}

// ---- whose logbook

function choose(name, note, { climber = null, sends = null }) {
  Object.assign(state, { climber, sends, k: FIRST });
  $("chosen-name").textContent = name;
  $("chosen-note").textContent = note;
  $("chosen").hidden = false;
  $("choose").hidden = true;
  $("forget").focus();
}

async function chooseClimber(name) {
  choose(name, "one of its climbers", { climber: name });
  showLogbook(null);
  await recommend();
  const found = await call(`api/climbers/${encodeURIComponent(name)}/skill`).catch(() => null);
  if (found && state.climber === name) showLogbook(found, `${plural(found.rows, "send")} of ${name}.`);
}

function upload(file) {
  if (!file) return;
  const limit = state.limits?.max_body ?? Infinity;
  if (file.size > limit) {
    problem(new Error(`${file.name} is ${megabytes(file.size)}, and the service takes ${megabytes(limit)} at the most. ` +
      "Export fewer years, or remove the notes."));
    return;
  }
  work(async (signal) => {
    const found = await call("api/logbook", { file, signal });
    choose(file.name, plural(found.rows, "send"), { sends: found.sends });
    showLogbook(found, logbookNote(found));
    const { items, logbook } = await call("api/recommend", { body: question(), signal });
    showClimbs(items, logbook);
  }, () => upload(file));
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

function logbookNote(found) {
  const parts = [`${plural(found.rows, "send")} from ${found.first} to ${found.last}.`];
  if (found.n_rejects) parts.push(`${plural(found.n_rejects, "row was", "rows were")} not used: ${found.rejects[0].reason}.`);
  parts.push(...found.notes.map((note) => `${note}.`));
  if (found.left_out) parts.push(`The oldest ${found.left_out} are not sent along.`);
  return parts.join(" ");
}

function showLogbook(found, note = "") {
  $("logbook").hidden = !found?.disciplines.length;
  $("logbook-note").textContent = note;
  insights($("insights"), found?.disciplines ?? []);
}

function forget() {
  Object.assign(state, { climber: null, sends: null, k: FIRST });
  $("chosen").hidden = true;
  $("choose").hidden = false;
  $("file").value = "";
  showLogbook(null);
  $("climber").focus();
  recommend();
}

// ---- similar climbs

async function showSimilar(climb) {
  const name = climb.name || climb.climb_id;
  $("similar-title").textContent = `Similar to ${name}`;
  $("similar-cards").replaceChildren();
  $("similar-status").textContent = "Looking…";
  if (!$("similar").open) $("similar").showModal();
  $("similar-title").focus();
  try {
    const { items } = await call(`api/climbs/${encodeURIComponent(climb.climb_id)}/similar?k=8`);
    $("similar-cards").replaceChildren(...items.map((each) => card(each, { onSimilar: showSimilar })));
    $("similar-status").textContent = plural(items.length, "climb");
  } catch (error) {
    $("similar-status").textContent = error.message;
  }
}

// ---- setting up

function fillGrades() {
  for (const [id, text] of [["low", "Any"], ["high", "Any"]]) {
    $(id).append(make("option", { value: "" }, text), ...GRADES.map((grade) => make("option", { value: grade }, grade)));
  }
}

function keepOrder(changed) {
  const [low, high] = ["low", "high"].map((id) => GRADES.indexOf($(id).value));
  if (low >= 0 && high >= 0 && low > high) $(changed === "low" ? "high" : "low").value = $(changed).value;
}

async function begin() {
  const [version, found] = await Promise.all([call("version").catch(() => null), call("api/regions").catch(() => null)]);
  state.limits = version?.limits ?? null;
  if (version) $("about").textContent = `From the last sends of a logbook, and what you feel like. ${plural(version.climbs, "climb")} known.`;
  if (found && $("region").options.length === 1) {
    $("region").append(...found.regions.map(({ region, climbs }) => make("option", { value: region, title: plural(climbs, "climb") }, region)));
  }
}

function setUp() {
  fillGrades();
  setUpPicker(chooseClimber, problem);
  $("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    recommend().then(() => $("results").focus({ preventScroll: innerWidth > 820 }));
  });
  for (const id of ["low", "high", "region", "stars", "variety", "fresh"]) {
    $(id).addEventListener("change", () => {
      keepOrder(id);
      state.k = FIRST;
      recommend();
    });
  }
  $("more").addEventListener("click", () => {
    state.k += FIRST;
    recommend();
  });
  $("forget").addEventListener("click", forget);
  $("cancel").addEventListener("click", () => state.running?.abort());
  $("close").addEventListener("click", () => $("similar").close());
  $("file").addEventListener("change", () => upload($("file").files[0]));
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      $("drop").classList.toggle("over", kind === "dragenter" || kind === "dragover");
      if (kind === "drop") upload(event.dataTransfer.files[0]);
    });
  }
  begin();
  recommend();
}

setUp();
