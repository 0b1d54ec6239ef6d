// Talks to the service. Whatever goes wrong is thrown as a Trouble whose message a person can act on.
import { sentence } from "./dom.js";
import { spoken } from "./words.js";

export const LIMIT_MS = 20000;

export class Trouble extends Error {
  // `said` is the service's own message, which is in the words of the domain already; no message is spoken twice.
  constructor(message, status = 0, columns = null, said = null) {
    super(said ?? spoken(message));
    this.status = status;
    this.columns = columns; // of a file of no known site
  }
}

const KEY = "recsys-key";

export function rememberKey(key) {
  sessionStorage.setItem(KEY, key);
}

export async function call(path, { body, file, signal } = {}) {
  const timer = new AbortController();
  const timeout = setTimeout(() => timer.abort(), LIMIT_MS);
  signal?.addEventListener("abort", () => timer.abort());
  try {
    const response = await fetch(path, request(body, file, timer.signal));
    const answer = await response.json().catch(() => null);
    if (response.ok && answer) return answer;
    throw new Trouble(words(response), response.status, answer?.error?.columns, saidOf(answer));
  } catch (error) {
    if (error instanceof Trouble) throw error;
    if (signal?.aborted) throw new DOMException("given up", "AbortError");
    if (timer.signal.aborted) {
      throw new Trouble(`The service did not answer within ${LIMIT_MS / 1000} seconds. Try again in a moment.`);
    }
    throw new Trouble("The service cannot be reached. Check that it is running and that you are connected, then try again.");
  } finally {
    clearTimeout(timeout);
  }
}

function request(body, file, signal) {
  const headers = {};
  const key = sessionStorage.getItem(KEY);
  if (key) headers["X-API-Key"] = key;
  if (file) {
    const form = new FormData();
    form.append("file", file, file.name);
    return { method: "POST", body: form, headers, signal };
  }
  if (!body) return { headers, signal };
  headers["Content-Type"] = "application/json";
  return { method: "POST", body: JSON.stringify(body), headers, signal };
}

function saidOf(answer) {
  const said = answer?.error?.message;
  return said ? sentence(said.replace(/--(?=[a-z])|`/g, "")) : null;
}

function words(response) {
  if (response.status === 413) return "The file is larger than the service takes.";
  return `The service answered with an error (${response.status}). Try again in a moment.`;
}
