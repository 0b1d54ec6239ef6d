// The page: the address says whose logbook, which view, what is asked for; this draws the answer.
import { call, Trouble } from "./api.js";
import { DEFAULTS, go, read, search } from "./address.js";
import * as climbs from "./climbs.js";
import { columnsForm } from "./columns.js";
import { $, ascents, make, plural } from "./dom.js";
import { controls } from "./filters.js";
import { chooseSystem, learnGrades, ordinalOf, read as readGrade, readText, system, systemsOf } from "./grades.js";
import { drawLeftOut, mark } from "./marks.js";
import * as path from "./path.js";
import { setUpPicker } from "./picker.js";
import * as session from "./session.js";
import * as skill from "./skill.js";
import { showSimilar } from "./similar.js";
import { dropMarks, keep, kept, ownerOf } from "./store.js";
import { forgetOwn, logbookOf, own, readFile, settle, setUpFiles } from "./whose.js";
import { brand, graded, speak, spoken } from "./words.js";
import { giveUp, problem, say, work } from "./work.js";

const VIEWS = { climbs, path, session, skill };
const WIDE = matchMedia("(min-width: 900px)");
const facts = { regions: [], areas: [], styles: [], limits: null, complain: problem };
const tellings = new Map(); // what a logbook tells, by its request

// ---- drawing

function change(changes) {
  go(changes);
  render();
}

// What the address asks for, as far as there is a logbook and there are grades for it.
function wanted() {
  const at = read();
  if (at.mine && !own()) at.mine = "";
  const logbook = logbookOf(at);
  if (!logbook.known || !graded()) at.view = "climbs";
  return { at, logbook };
}

function render() {
  const { at, logbook } = wanted();
  frame(at, logbook);
  const view = VIEWS[at.view];
  const drawing = { whose: logbook.whose, note: logbook.note, does: { ...does, logs: logbook.logs }, change, complain: problem, again: render };
  return work(async (signal) => {
    const answer = await view.load(at, logbook.body, signal, (stop) => told(logbook, stop));
    keep("last", { search: search(at), answer, when: Date.now() });
    present(view.draw(at, answer, drawing));
    showLevel(logbook);
  }, { retry: begin, failed: (error) => failed(error, at, view, drawing) });
}

function present({ title, status, said, nodes }) {
  $("results-title").textContent = title;
  document.title = `${title} · ${brand()}`;
  $("answer").replaceChildren(...nodes.filter(Boolean));
  $("print").hidden = !$("start").hidden;
  say(status, said);
}

// Nothing of an older answer stays; without a network the last one may be opened again.
function failed(error, at, view, drawing) {
  $("answer").replaceChildren();
  $("print").hidden = true;
  $("results-title").textContent = { climbs: spoken("Climbs"), path: "A path to a project", session: "A session", skill: "Skill" }[at.view];
  const last = error.status === 0 ? kept("last") : null;
  if (last?.search === search(at)) {
    present(view.draw(at, last.answer, drawing));
    problem(new Trouble(`No connection: this is the answer of ${new Date(last.when).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })}.`), begin);
    return true;
  }
  if (last) {
    problem(error, begin, make("a", { href: location.pathname + last.search }, "Open the last answer"));
    return true;
  }
  const empty = view.nothing?.(at, error, change, drawing);
  if (empty) {
    $("answer").replaceChildren(empty);
    say(view === path ? "No path fits." : "No climb fits.");
    return true;
  }
  if (view === path && at.project) $("answer").replaceChildren(path.search(drawing));
  return false;
}

// What is around the answer: the first screen, or whose logbook, the views and the filters.
function frame(at, { known, name, logs }) {
  $("start").hidden = known;
  $("side").hidden = false;
  $("side").classList.toggle("bare", !known);
  $("tabs").hidden = !graded();
  $("chosen-name").textContent = name;
  for (const tab of $("tabs").children) {
    const { view } = tab.dataset;
    tab.href = location.pathname + search({ ...read(), view, project: view === "path" ? at.project : "" }) || "?";
    if (view === at.view) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  drawFilters(at, known);
  drawLeftOut(ownerOf(at), logs, render);
}

function drawFilters(at, known) {
  const focused = document.activeElement?.id;
  const open = $("filters")?.open;
  const chosen = document.activeElement?.name;
  const discipline = ordinalOf(at.from || at.to) > 50 ? "route" : facts.discipline ?? "boulder";
  $("ask").replaceChildren(...controls(at, { ...facts, discipline, known }, change));
  if ($("filters")) $("filters").open = open ?? WIDE.matches;
  if (focused && $("ask").querySelector(`#${CSS.escape(focused)}`)) $(focused).focus();
  else if (chosen === "mode") $("ask").querySelector("input[name=mode]:checked")?.focus();
}

// ---- whose logbook, in a line

function told(logbook, signal) {
  const key = JSON.stringify(logbook.body);
  if (!tellings.has(key)) {
    tellings.clear();
    tellings.set(key, call("api/skill", { body: logbook.body, signal }).catch((error) => {
      tellings.delete(key);
      throw error;
    }));
  }
  return tellings.get(key);
}

async function showLevel(logbook) {
  if (!logbook.known) return;
  const found = await told(logbook).catch(() => ({ disciplines: [] }));
  if ($("chosen-name").textContent !== logbook.name) return;
  const levels = found.disciplines.filter(({ curve }) => curve.length).map(({ curve }) => `about ${readGrade(curve.at(-1).ability)}`);
  $("chosen-note").textContent = found.rows || found.unknown ? spoken([ascents(found), ...levels].join(" · ")) : "";
  facts.discipline = found.disciplines[0]?.discipline;
}

const choose = (climber) => change({ ...DEFAULTS, climber, view: read().view });

function takeFile(file, columns) {
  return work(async (signal) => {
    await readFile(file, facts.limits?.max_body ?? Infinity, signal, columns);
    go({ ...DEFAULTS, mine: "1" });
    await render();
    $("forget").focus();
  }, { retry: () => takeFile(file, columns), failed: (error) => askColumns(error, file, columns) });
}

// A file of no known site may be one's own spreadsheet: its columns are chosen by hand.
function askColumns(error, file, tried) {
  if (!error.columns?.length) return false;
  const said = tried ? error : new Trouble(`${file.name} is no export of a site that is known here; it may be a table of your own.`);
  problem(said, null, columnsForm(error.columns, (columns) => takeFile(file, columns)));
  $("column-date").focus();
  return true;
}

async function trySample() {
  try {
    const climber = $("sample").value || (await call("api/sample")).climber;
    if (!climber) throw new Trouble("There is no sample logbook here; choose a file.");
    choose(climber);
  } catch (error) {
    problem(error, trySample);
  }
}

// ---- what the buttons of a card do

const does = {
  mark(climb, kind) {
    tellings.clear();
    const { at, logbook } = wanted();
    return mark(ownerOf(at), logbook.logs, climb, kind, render);
  },
  settle(question) {
    tellings.clear();
    settle(question);
    return render();
  },
  pathTo: (climb) => change({ view: "path", project: climb.climb_id }),
  circuit: (climb) => change({ view: "session", like: climb.climb_id, style: "" }),
  similar: (climb) => showSimilar(climb, logbookOf(read()).known ? does : { similar: does.similar }),
};

// ---- setting up

const BOXES = ["boulder", "route"];

function drawSystems() {
  for (const discipline of BOXES) {
    $(`${discipline}-system`).replaceChildren(...systemsOf(discipline).map((name) => make("option", { selected: name === system(discipline) }, name)));
  }
  $("systems-now").textContent = system("boulder");
}

function setUpSystems() {
  for (const discipline of BOXES) {
    const box = $(`${discipline}-system`);
    box.addEventListener("change", () => {
      chooseSystem(discipline, box.value);
      $("systems-now").textContent = system("boulder");
      render();
    });
  }
  drawSystems();
}

// Climbers of different strength to try it with.
async function offerSamples() {
  const { climber, climbers } = await call("api/sample").catch(() => ({ climbers: [] }));
  if (!climbers.length || $("sample").options.length) return;
  $("sample").replaceChildren(...climbers.map(({ climber: value, sends, grade }) =>
    make("option", { value, selected: value === climber }, `${grade ? `up to ${readText(grade)}, ` : ""}${plural(sends, "send")}`)));
  $("sample").hidden = climbers.length < 2;
}

// What the service knows; asked again until it answers.
async function learn(wait = 2000) {
  const [version, found] = await Promise.all([call("version").catch(() => null), call("api/regions").catch((error) => error)]);
  if (version) {
    facts.limits = version.limits;
    const before = spoken(`climb send grade ${graded()}`);
    speak(version.nouns, version.levels, version.graded);
    $("systems").hidden = version.levels || !graded();
    if (before !== spoken(`climb send grade ${graded()}`)) render();
    $("simulated").hidden = !version.simulated;
    $("about").textContent = spoken(`${plural(version.climbs, "climb")} known.`);
  }
  if (found.regions) {
    Object.assign(facts, { regions: found.regions, areas: found.areas ?? [], styles: found.styles ?? [] });
    offerSamples();
    if (learnGrades(found.grades ?? [])) {
      drawSystems();
      render();
    }
    const { at, logbook } = wanted();
    drawFilters(at, logbook.known);
  }
  clearTimeout(learn.timer);
  if (!version || (!found.regions && found.status !== 401)) learn.timer = setTimeout(() => learn(Math.min(2 * wait, 60000)), wait);
}

function begin() {
  learn();
  return render();
}

function setUp() {
  setUpSystems();
  setUpFiles(takeFile);
  setUpPicker($("climber"), $("climber-list"), {
    find: async (text, signal) => (await call(`api/climbers?k=8&search=${encodeURIComponent(text)}`, { signal })).climbers.map((name) => ({ text: name, value: name })),
    choose,
    complain: problem,
    nothing: "No climber has this in the name.",
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-view], a.home");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    change(link.dataset.view ? { view: link.dataset.view } : { ...DEFAULTS, mine: own() ? "1" : "" });
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#systems")) $("systems").open = false;
  });
  $("try").addEventListener("click", trySample);
  $("forget").addEventListener("click", () => {
    if (read().mine) forgetOwn();
    dropMarks(ownerOf(read()));
    $("toast").replaceChildren();
    change({ ...DEFAULTS });
    $("try").focus();
  });
  $("ask").addEventListener("submit", (event) => event.preventDefault());
  $("cancel").addEventListener("click", giveUp);
  $("close").addEventListener("click", () => $("similar").close());
  $("print").addEventListener("click", () => print());
  addEventListener("popstate", render);
  addEventListener("online", begin);
  navigator.serviceWorker?.register("sw.js").catch(() => null);
  if (!location.search && own()) go({ mine: "1" });
  begin();
}

setUp();
