// @ts-check
// The page as a site of its own: which version it is, and that a service worker keeps it for when there is
// no network. index.html of such a site says so; a page that mien serves has neither.

const said = (name) => document.querySelector(`meta[name=${name}]`)?.getAttribute("content");

/** The version of the site; undefined where there is none. */
export const SITE = said("site");

/**
 * Keeps the site.
 *
 * @param {() => void} onKept is called once all of it is there without a network
 */
export function keepOffline(onKept) {
  const worker = said("worker");
  if (!worker || !navigator.serviceWorker) return;
  // Without it, the page works all the same, with a network.
  navigator.serviceWorker.register(new URL(worker, document.baseURI)).catch(() => {});
  const page = new URL("./", document.baseURI).href;
  navigator.serviceWorker.ready
    .then(() => caches.match(page))
    .then((kept) => kept && onKept())
    .catch(() => {}); // a browser that keeps nothing for this page
}
