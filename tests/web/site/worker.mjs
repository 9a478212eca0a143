// The service worker among stand-ins of what a browser gives it; says what became of each case as JSON.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";

const SCOPE = "https://host/a%20b/";
const VERSION = "12345678";
const CODE = readFileSync(process.argv[2], "utf-8");
const PAGE = `<meta name="site" content="${VERSION}">`;
const LATER = "static/models/c-1.0123456789.onnx";
const FILES = { "manifest.webmanifest": "{}", "static/a.js": "a", "static/b.js": "b", [LATER]: "c" };
const HOST = { [SCOPE]: PAGE, ...Object.fromEntries(Object.entries(FILES).map(([name, text]) => [SCOPE + name, text])) };
const { [SCOPE + LATER]: _, ...SITE } = HOST; // what is kept at first

const hashOf = (text) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
const addressOf = (request) => String(request.url ?? request);

class Browser {
  stored = new Map();
  remembered = new Map(); // answers of the host that a fetch gets unless it says "reload"
  pages = [];
  told = [];

  constructor(host) {
    this.host = host;
    this.heard = {};
    const files = Object.fromEntries(Object.entries(FILES).map(([name, text]) => [name, hashOf(text)]));
    const self = {
      SITE: { version: VERSION, files, later: [LATER] },
      registration: { scope: SCOPE, waiting: null },
      clients: { matchAll: async () => this.pages, claim: async () => {} },
      addEventListener: (name, hear) => (this.heard[name] = hear),
    };
    this.registration = self.registration;
    const globals = { self, caches: this.#caches(), fetch: (...asked) => this.#fetch(...asked) };
    runInNewContext(CODE, { ...globals, URL, Response, Headers, Map, Set });
  }

  #caches() {
    const one = (name) => {
      if (!this.stored.has(name)) this.stored.set(name, new Map());
      const held = this.stored.get(name);
      const put = async (key, response) => {
        if (response.headers.get("Vary")) throw new TypeError("the key may not match later");
        held.set(addressOf(key), await response.text());
      };
      const keys = async () => [...held.keys()].map((url) => ({ url }));
      return { put, keys };
    };
    return {
      open: async (name) => one(name),
      delete: async (name) => this.stored.delete(name),
      keys: async () => [...this.stored.keys()],
      match: async (key, { cacheName }) => {
        const text = this.stored.get(cacheName)?.get(addressOf(key));
        return text === undefined ? undefined : new Response(text, { headers: { From: "kept" } });
      },
    };
  }

  async #fetch(asked, { integrity, cache } = {}) {
    const url = addressOf(asked);
    const remembered = cache !== "reload" && cache !== "no-cache" && this.remembered.get(url);
    const text = remembered || this.host[url];
    if (text === undefined) return new Response("", { status: 404 });
    if (integrity && integrity !== hashOf(text)) throw new TypeError("not what was asked for");
    return new Response(text, { headers: { Vary: "Accept", From: "host" } });
  }

  // What comes of an event; null where the browser goes on by itself.
  async dispatch(name, more = {}) {
    const waits = [];
    let answer = null;
    const event = { waitUntil: (one) => waits.push(one), respondWith: (one) => (answer = one), ...more };
    this.heard[name](event);
    answer = await answer;
    return { failed: (await Promise.allSettled(waits)).some(({ status }) => status === "rejected"), answer };
  }

  async ask(address, request = {}) {
    const asked = { method: "GET", mode: "cors", url: new URL(address, SCOPE).href, ...request };
    const { answer } = await this.dispatch("fetch", { request: asked });
    return answer && { text: await answer.text(), refresh: answer.headers.get("Refresh"), from: answer.headers.get("From") };
  }

  get kept() {
    return [...this.stored.values()].map((held) => Object.fromEntries(held));
  }
}

async function installed(host = HOST) {
  const browser = new Browser(host);
  await browser.dispatch("install");
  return browser;
}

const opens = { mode: "navigate" };
const said = {};

said.wholeSite = (await installed()).kept;

const whole = await installed();
said.askedFor = (await whole.ask(LATER)).text;
said.keptThen = whole.kept;
const wrong = await installed({ ...HOST, [SCOPE + LATER]: PAGE });
said.wrongLater = await wrong.ask(LATER).catch(() => "refused");
// Where an earlier version was asked for it.
const earlier = new Browser(HOST);
earlier.stored.set(`mien ${SCOPE} before`, new Map([[`${SCOPE}${LATER.replace("0123456789", "ba98765432")}`, "old"]]));
await earlier.dispatch("install");
said.keptFromBefore = earlier.kept.at(-1);

said.hostsAnswers = {};
for (const address of ["other/", "licences/mien.txt", "sub/index.html", "static/strange.js"]) {
  said.hostsAnswers[address] = await (await installed()).ask(address, opens);
}
said.pages = [];
for (const address of ["./", "index.html", "./?stats", "index.html?a=b"]) {
  said.pages.push((await (await installed()).ask(address, opens)).text);
}
said.file = (await (await installed()).ask("static/a.js")).text;

// A host that answers with its page where a file is missing; whole, then only the browser remembers it so.
const part = await installed({ ...HOST, [`${SCOPE}static/b.js`]: PAGE });
said.partOfSite = part.kept;
const remembers = new Browser(HOST);
remembers.remembered.set(`${SCOPE}static/b.js`, PAGE);
await remembers.dispatch("install");
said.rememberedWrongly = remembers.kept;

const emptied = await installed();
emptied.stored.clear();
said.emptied = (await emptied.ask("./", opens)).from;
said.keptAgain = emptied.kept;

said.nextBegins = [];
for (const [pages, isReloadNavigation] of [[0, false], [1, true], [1, false], [2, true]]) {
  const browser = await installed();
  browser.pages = Array(pages).fill({});
  browser.registration.waiting = { postMessage: (message) => browser.told.push(message) };
  const { refresh } = await browser.ask("./", { ...opens, isReloadNavigation });
  said.nextBegins.push([pages, isReloadNavigation, refresh !== null && browser.told.length === 1]);
}

console.log(JSON.stringify({ scope: SCOPE, site: SITE, host: HOST, page: PAGE, ...said }));
