// @ts-check
// Figures for those who ask with ?stats: how fast, and how old a result is when it is shown.

import { words } from "../core/words.js";

const KEPT = 120;
const REFRESH_MS = 500;

export class Stats {
  constructor(element) {
    this.element = element;
    this.shown = new URLSearchParams(location.search).has("stats");
    element.hidden = !this.shown;
    this.reset();
  }

  reset() {
    /** @type {number[]} */
    this.times = [];
    /** @type {number[]} */
    this.latencies = [];
    /** @type {number[]} */
    this.server = [];
    this.drawn = 0;
    this.element.replaceChildren();
  }

  // A result has come and is drawn with the next frame of the display; `taken` is when its picture
  // was, in milliseconds, where known.
  add(analysis, taken) {
    if (this.shown) requestAnimationFrame(() => this.#add(analysis, taken, performance.now()));
  }

  #add(analysis, taken, now) {
    push(this.times, now);
    if (taken !== null) push(this.latencies, now - taken);
    push(this.server, 1000 * Object.values(analysis.timings).reduce((sum, value) => sum + value, 0));
    if (now - this.drawn >= REFRESH_MS) this.#draw(now);
  }

  #draw(now) {
    this.drawn = now;
    const seconds = (now - this.times[0]) / 1000;
    /** @type {[string, string][]} */
    const rows = [[words.stats.fps, seconds ? ((this.times.length - 1) / seconds).toFixed(1) : "–"]];
    if (this.latencies.length) rows.push([words.stats.latency, spread(this.latencies)]);
    rows.push([words.stats.server, spread(this.server)]);
    this.element.replaceChildren(...rows.map(pair));
  }
}

function push(values, value) {
  values.push(value);
  if (values.length > KEPT) values.shift();
}

function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return `p50 ${at(0.5).toFixed(0)}, p95 ${at(0.95).toFixed(0)}`;
}

/** @param {[string, string]} row */
function pair([name, value]) {
  const [group, term, figure] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
  term.textContent = name;
  figure.textContent = value;
  group.append(term, figure);
  return group;
}
