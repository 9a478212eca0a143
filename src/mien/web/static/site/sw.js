// @ts-check
// The service worker of the site that `mien export-site` writes, which puts `self.SITE` above this: keeps a
// whole version of the page for when there is no network, and takes the next one whole or not at all.
//
// A page stays with the version that it began with: what it loads later is of that one, too. The next
// version is fetched beside it, and begins when no page of the old one is open any more.

const worker = /** @type {any} */ (self);
/** @type {{ version: string, files: Record<string, string>, later: string[] }} by name, the hash of what each
 *   holds; and which of them are kept only once a page has asked for them */
const { version, files, later } = worker.SITE;
const { scope } = worker.registration;
const KIND = `mien ${scope} `; // other sites of the same host have caches of their own
const CACHE = KIND + version;
const TAKE_OVER = "take over";
const MOST_LOADS = 50; // of a page that waits for the next version to begin
const AT_ONCE = 6;
const PAGES = new Set([scope, `${scope}index.html`]);
const HASHES = new Map(Object.entries(files).map(([name, hash]) => [new URL(name, scope).href, hash]));
const LATER = new Set(later.map((name) => new URL(name, scope).href));
let loads = 0;

worker.addEventListener("install", (event) => event.waitUntil(keep()));
worker.addEventListener("activate", (event) => event.waitUntil(begin()));
worker.addEventListener("message", ({ data }) => {
  if (data === TAKE_OVER) worker.skipWaiting();
});
// What else lies below, such as licences or another site, is the host's to answer.
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const [address] = request.url.split(/[?#]/);
  if (request.mode === "navigate" && PAGES.has(address)) {
    event.respondWith(openPage(event));
  } else if (HASHES.has(address)) {
    event.respondWith(load(event, address));
  }
});

async function keep() {
  const cache = await caches.open(CACHE);
  try {
    const page = await fetch(scope, { cache: "no-cache" });
    // While a host is being given a new version, it may still give the page of the old one.
    if (!page.ok || !(await page.clone().text()).includes(`"${version}"`)) {
      throw new Error(`the host does not give version ${version} yet`);
    }
    const before = await askedForBefore();
    const missing = [...HASHES.keys()].filter((url) => !LATER.has(url) || before.has(unversioned(url)));
    const one = async () => {
      for (let url = missing.pop(); url; url = missing.pop()) await put(cache, url, await fetched(url));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    // Last, since by it a page sees that all is there.
    await put(cache, scope, page);
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

// What a page of an earlier version asked for, it will ask for again.
async function askedForBefore() {
  const found = new Set();
  for (const name of await caches.keys()) {
    if (!name.startsWith(KIND)) continue;
    const cache = await caches.open(name);
    for (const { url } of await cache.keys()) found.add(unversioned(url));
  }
  return found;
}

// An address without what its content adds to it.
/** @param {string} url */
function unversioned(url) {
  return url.replace(/\.[0-9a-f]+(\.\w+)$/, "$1");
}

// A host may answer with its own page where a file is not there yet, and so may the browser's memory of
// that: what is not of this version is refused.
/** @param {string} url */
function fetched(url) {
  const integrity = HASHES.get(url);
  return fetch(url, { integrity }).catch(() => fetch(url, { integrity, cache: "reload" }));
}

// Without what a host says of other answers at this address (Vary), and that it came from another: browsers
// refuse the latter for a page.
/**
 * @param {Cache} cache
 * @param {string} url
 * @param {Response} response
 */
async function put(cache, url, response) {
  const headers = new Headers(response.headers);
  headers.delete("Vary");
  await cache.put(url, new Response(await response.blob(), { headers }));
}

async function begin() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(KIND) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

async function openPage(event) {
  const { request } = event;
  if (await letNextBegin(request)) return new Response("", { headers: { Refresh: "0" } });
  const page = await caches.match(scope, { cacheName: CACHE });
  // Whoever empties a browser's storage may leave this worker in it.
  if (!page) event.waitUntil(keep().catch(() => {}));
  return page ?? fetch(request);
}

/**
 * @param {any} event
 * @param {string} address
 */
async function load(event, address) {
  const found = await caches.match(address, { cacheName: CACHE });
  if (found || !LATER.has(address)) return found ?? fetch(event.request);
  const response = await fetched(address);
  const copy = response.clone();
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => put(cache, address, copy))
      .catch(() => {}), // there is no room: it is fetched once more
  );
  return response;
}

// The only page that is open is loaded anew: it can be of the next version, where that is there. Until that
// has begun, which it does when this one has answered, the page is told to load once more. A page that is
// opened beside others is of their version.
/** @param {Request & { isReloadNavigation?: boolean }} request */
async function letNextBegin({ isReloadNavigation }) {
  const { waiting } = worker.registration;
  if (loads === 0) {
    if (!waiting) return false;
    const pages = await worker.clients.matchAll({ type: "window" });
    if (pages.length > (isReloadNavigation ? 1 : 0)) return false;
    waiting.postMessage(TAKE_OVER);
  }
  loads += 1;
  return loads < MOST_LOADS;
}
