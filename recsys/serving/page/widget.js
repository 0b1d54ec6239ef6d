// A widget for any site: recommended climbs in one element, from one script.
//
//   <script src="//SERVICE/widget.js"></script>
//   <recsys-climbs grade="V4:V6" region="Squamish" k="5"></recsys-climbs>
//
// Attributes: climber, grade, region, min-stars, k, heading, server (where the script is from, unless
// told). A page's own script may set the property `sends`, a logbook. The service must be told of the site:
// recsys serve --origin SITE. Events: recsys-answer and recsys-trouble, with `detail`.

(() => {
  const HOME = new URL(".", document.currentScript.src).href;
  const LIMIT_MS = 20000;
  const ATTRIBUTES = ["climber", "grade", "region", "min-stars", "k", "heading", "server"];
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { display: block; font: inherit; color: inherit; max-width: 40rem; }
    [hidden] { display: none; }
    h2 { font-size: 1.1em; margin: 0 0 .5em; }
    ol { margin: 0; padding: 0; list-style: none; }
    li { display: grid; grid-template-columns: 1fr auto; gap: 0 1em; padding: .5em 0;
         border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
    .name { font-weight: 600; overflow-wrap: anywhere; }
    .grade { font-variant-numeric: tabular-nums; font-weight: 600; }
    .where, .stars, p { font-size: .9em; opacity: .85; margin: 0; }
    button { font: inherit; margin-top: .5em; padding: .4em .8em; }
  `);

  class Climbs extends HTMLElement {
    static observedAttributes = ATTRIBUTES;
    #sends = null;
    #asked = null;
    #due = false;

    constructor() {
      super();
      const root = this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [sheet];
      this.heading = add(root, "h2");
      this.state = add(root, "p");
      this.state.setAttribute("role", "status");
      this.list = add(root, "ol");
      this.again = add(root, "button", "Try again");
      this.again.type = "button";
      this.again.hidden = true;
      this.again.addEventListener("click", () => this.refresh());
    }

    set sends(logbook) {
      this.#sends = logbook;
      this.refresh();
    }

    get sends() {
      return this.#sends;
    }

    connectedCallback() {
      this.refresh();
    }

    disconnectedCallback() {
      this.#asked?.abort();
    }

    attributeChangedCallback() {
      this.refresh();
    }

    // Ask once for all that changes at a time.
    refresh() {
      if (this.#due || !this.isConnected) return;
      this.#due = true;
      queueMicrotask(() => {
        this.#due = false;
        if (this.isConnected) this.#ask();
      });
    }

    async #ask() {
      this.#asked?.abort();
      const asked = (this.#asked = new AbortController());
      const timer = setTimeout(() => asked.abort("late"), LIMIT_MS);
      this.heading.textContent = this.getAttribute("heading") ?? "What next";
      this.setAttribute("aria-busy", "true");
      this.#say("Looking…");
      try {
        const items = await fetchItems(this.getAttribute("server") ?? HOME, this.#wish(), asked.signal);
        if (asked === this.#asked) this.#show(items);
      } catch (error) {
        if (asked === this.#asked) this.#trouble(error, asked.signal);
      } finally {
        clearTimeout(timer);
        if (asked === this.#asked) this.removeAttribute("aria-busy");
      }
    }

    #wish() {
      const wish = { k: Math.min(Math.max(parseInt(this.getAttribute("k") ?? "5", 10) || 5, 1), 100) };
      for (const name of ["climber", "grade", "region"]) {
        const value = this.getAttribute(name)?.trim();
        if (value) wish[name] = value;
      }
      const stars = parseFloat(this.getAttribute("min-stars"));
      if (Number.isFinite(stars)) wish.min_stars = stars;
      if (this.#sends) {
        delete wish.climber;
        wish.sends = this.#sends;
      }
      return wish;
    }

    #show(items) {
      this.list.replaceChildren(...items.map(row));
      this.#say(items.length ? "" : "Nothing fits.");
      this.dispatchEvent(new CustomEvent("recsys-answer", { detail: { items }, bubbles: true }));
    }

    #trouble(error, signal) {
      if (signal.aborted && signal.reason !== "late") return;
      this.list.replaceChildren();
      this.#say(error.said ?? "What comes next cannot be reached at the moment.");
      this.again.hidden = false;
      const detail = { status: error.status ?? 0, message: this.state.textContent };
      this.dispatchEvent(new CustomEvent("recsys-trouble", { detail, bubbles: true }));
    }

    #say(text) {
      this.state.textContent = text;
      this.state.hidden = !text;
      this.again.hidden = true;
    }
  }

  async function fetchItems(server, wish, signal) {
    const response = await fetch(new URL("api/recommend", server), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(wish),
      credentials: "omit",
      signal,
    });
    const answer = await response.json().catch(() => null);
    if (response.ok && Array.isArray(answer?.items)) return answer.items;
    const said = answer?.error?.message;
    const text = said && said[0].toUpperCase() + said.slice(1) + (/[.!?]$/.test(said) ? "" : ".");
    throw Object.assign(new Error("refused"), { said: text, status: response.status });
  }

  function row(item) {
    const line = document.createElement("li");
    add(line, "span", item.name ?? item.climb_id, "name");
    add(line, "span", item.grade ?? "", "grade");
    add(line, "span", item.region ?? "", "where");
    add(line, "span", item.stars ? `${item.stars.toFixed(1)} stars` : "", "stars");
    return line;
  }

  function add(parent, kind, text = "", part = "") {
    const made = document.createElement(kind);
    made.textContent = text;
    if (part) {
      made.className = part;
      made.setAttribute("part", part);
    }
    return parent.appendChild(made);
  }

  if (!customElements.get("recsys-climbs")) customElements.define("recsys-climbs", Climbs);
})();
