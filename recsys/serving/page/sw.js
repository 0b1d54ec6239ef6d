// Keeps the page's own files, so that it opens without a network; answers of the service are not kept here.

const CACHE = "recsys-page-5";
const FILES = [
  "./", "style.css", "views.css", "print.css", "main.js", "address.js", "api.js", "cards.js", "charts.js", "climbs.js", "columns.js", "dom.js",
  "filters.js", "grades.js", "known.js", "ladders.js", "marks.js", "offgrades.js", "path.js", "picker.js", "session.js", "similar.js", "skill.js", "store.js", "whose.js", "words.js", "work.js",
  "icon.svg", "icon-192.png", "manifest.webmanifest",
].map((name) => new URL(name, self.registration.scope).href);

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((name) => name.startsWith("recsys-page-") && name !== CACHE).map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => self.clients.claim()));
});

// The network first, so that a new version is seen at once; what was kept where there is none.
self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  address.search = address.hash = "";
  if (event.request.method !== "GET" || !FILES.includes(address.href)) return;
  event.respondWith(fetched(event.request, address.href));
});

async function fetched(request, name) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(name, answer.clone());
    return answer;
  } catch (error) {
    const kept = await cache.match(name);
    if (kept) return kept;
    throw error;
  }
}
