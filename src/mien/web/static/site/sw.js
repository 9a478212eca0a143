// @ts-check
// The service worker of the site that `mien export-site` writes, which puts `self.SITE` above this: keeps a
// whole version of the page for when there is no network, and takes the next one whole or not at all.
//
// A page stays with the version that it began with: what it loads later is of that one, too. The next
// version is fetched beside it, and begins when no page of the old one is open any more.

const worker = /** @type {any} */ (self);
/** @type {{ version: string, files: string[] }} */
const { version, files } = worker.SITE;
const { scope } = worker.registration;
const KIND = `mien ${scope} `; // other sites of the same host have caches of their own
const CACHE = KIND + version;
const TAKE_OVER = "take over";
const MOST_LOADS = 50; // of a page that waits for the next version to begin
let loads = 0;

worker.addEventListener("install", (event) => event.waitUntil(keep()));
worker.addEventListener("activate", (event) => event.waitUntil(begin()));
worker.addEventListener("message", ({ data }) => {
  if (data === TAKE_OVER) worker.skipWaiting();
});
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && request.url.startsWith(scope)) event.respondWith(answer(request));
});

async function keep() {
  const cache = await caches.open(CACHE);
  try {
    const page = await fetch(scope, { cache: "no-cache" });
    // While a host is being given a new version, it may still give the page of the old one.
    if (!page.ok || !(await page.clone().text()).includes(`"${version}"`)) {
      throw new Error(`the host does not give version ${version} yet`);
    }
    await cache.put(scope, page);
    await cache.addAll(files);
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

async function begin() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(KIND) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/** @param {Request} request */
async function answer(request) {
  const opens = request.mode === "navigate";
  if (opens && (await letNextBegin())) return new Response("", { headers: { Refresh: "0" } });
  return (await caches.match(opens ? scope : request, { cacheName: CACHE })) ?? fetch(request);
}

// The only page that is open is loaded anew: it can be of the next version, where that is there. Until that
// has begun, which it does when this one has answered, the page is told to load once more.
async function letNextBegin() {
  const { waiting } = worker.registration;
  if (loads === 0) {
    if (!waiting || (await worker.clients.matchAll({ type: "window" })).length > 1) return false;
    waiting.postMessage(TAKE_OVER);
  }
  loads += 1;
  return loads < MOST_LOADS;
}
