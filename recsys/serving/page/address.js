// What is looked at and asked for, in the address: it can be shared, and goes back and forward.

export const VIEWS = ["climbs", "path", "session", "skill"];
export const DEFAULTS = {
  view: "climbs", climber: "", mine: "", mode: "auto", from: "", to: "", region: "", stars: "", sort: "likely", mix: "0",
  again: "", project: "", steps: "5", leap: "1", minutes: "120", count: "", area: "", style: "", like: "", on: "",
};
export const FILTERS = ["from", "to", "region", "stars", "sort", "mix", "again"];
export const SESSION = ["area", "style", "like"];

export function read(search = location.search) {
  const given = new URLSearchParams(search);
  const at = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS)) at[name] = (given.get(name) ?? at[name]).slice(0, 200);
  if (!VIEWS.includes(at.view)) at.view = DEFAULTS.view;
  return at;
}

export function search(at) {
  const changed = Object.entries(at).filter(([name, value]) => value !== DEFAULTS[name]);
  const text = new URLSearchParams(changed).toString();
  return text ? `?${text}` : "";
}

// Goes there, unless one is there already.
export function go(changes) {
  const next = search({ ...read(), ...changes });
  if (next !== search(read())) history.pushState(null, "", location.pathname + next);
}
