// @ts-check
// The last minutes, as strips to look at and files to save.

import { download } from "../core/csv.js";
import { $, contextOf } from "../core/dom.js";
import { drawShape, shownKind, styleOf } from "../core/looks.js";
import { lookFor, personFor } from "../core/sayings.js";
import { settings } from "../core/settings.js";
import { fill, words } from "../core/words.js";
import { Moments, toCsv } from "./moments.js";

const SHOWN_S = 60;
const REDRAW_MS = 200;
const CALM_REDRAW_MS = 1000;
const TICK_S = 10;
const ICON = 18;

/** @typedef {{ element: HTMLElement, name: HTMLElement, canvas: HTMLCanvasElement, summary: HTMLElement }} Row */

export class Timeline {
  section = $("history");
  keep = $("history-keep");
  sign = $("history-sign");
  strips = $("history-strips");
  tools = $("history-tools");
  back = $("history-back");
  ago = $("history-ago");
  hold = $("history-hold");
  axis = $("history-axis");
  pointed = $("history-pointed");
  moments = new Moments();
  keeping = false;
  /** @type {Map<string, Row>} */
  rows = new Map();
  drawn = -Infinity;
  /** @type {number | null} */
  held = null; // the second up to which is shown, where that is not the newest

  /** @type {(place: number) => void} is called with the place in a film that was pressed */
  onJump = () => {};

  /** @type {() => void} is called when keeping begins or ends */
  onKeeping = () => {};

  constructor() {
    settings.onChange(() => this.#draw());
    this.keep.addEventListener("click", () => this.#setKeeping(!this.keeping));
    $("history-forget").addEventListener("click", () => this.#forget());
    this.back.addEventListener("input", () => this.#hold(Number(this.back.max) - Number(this.back.value)));
    this.hold.addEventListener("click", () => (this.held === null ? this.#hold(0) : this.#follow()));
    $("history-csv").addEventListener("click", () =>
      download("mien", "csv", "text/csv", toCsv(this.#exported())),
    );
    $("history-json").addEventListener("click", () =>
      download("mien", "json", "application/json", JSON.stringify(this.#exported(), null, 1)),
    );
    new ResizeObserver(() => this.#draw()).observe(this.strips);
    this.#refresh();
  }

  /**
   * @param {import("../generated/messages.js").Analyzed} analysis
   * @param {number | null} place where in a film it was, in seconds
   */
  add(analysis, place) {
    if (!this.keeping) return;
    const now = performance.now();
    this.moments.add(analysis, now / 1000, place);
    if (now - this.drawn >= (settings.calm ? CALM_REDRAW_MS : REDRAW_MS)) this.#draw();
  }

  /**
   * Keeps a marker, where the last minutes are kept; returns whether they are.
   *
   * @param {string} word
   */
  mark(word) {
    if (!this.keeping) return false;
    this.moments.mark(word, performance.now() / 1000);
    this.#draw();
    return true;
  }

  // Begins another stream.
  begin() {
    this.moments.begin();
    this.section.hidden = false;
    this.#draw();
  }

  // After the end of a stream what was kept stays to look at.
  end() {
    this.section.hidden = this.moments.empty;
    this.#draw();
  }

  #setKeeping(keeping) {
    this.keeping = keeping;
    this.#refresh();
    this.onKeeping();
  }

  #forget() {
    this.moments.clear();
    this.keep.focus();
    this.#follow();
  }

  // Shows what there was so many seconds ago, and stays there.
  #hold(behind) {
    this.held = this.moments.end - behind;
    this.#draw();
  }

  #follow() {
    this.held = null;
    this.#draw();
  }

  #exported() {
    return this.moments.rows(performance.timeOrigin);
  }

  #refresh() {
    const empty = this.moments.empty;
    this.keep.textContent = this.keeping ? words.history.stop : words.history.start;
    this.section.dataset.keeping = String(this.keeping);
    const { keeping, off, stopped } = words.history;
    this.sign.textContent = this.keeping ? keeping : empty ? off : stopped;
    for (const place of [this.tools, this.strips, this.axis, this.pointed]) place.hidden = empty;
  }

  #draw() {
    this.drawn = performance.now();
    this.#refresh();
    const end = this.held ?? this.moments.end;
    const behind = Math.round(this.moments.end - end);
    this.back.value = String(Number(this.back.max) - behind);
    this.ago.textContent = behind ? fill(words.history.ago, { seconds: behind }) : words.history.now;
    this.back.setAttribute("aria-valuetext", this.ago.textContent);
    this.hold.textContent = this.held === null ? words.history.hold : words.history.follow;
    const places = [SHOWN_S, SHOWN_S / 2, 0];
    this.axis.replaceChildren(...places.map((back) => part("span", clock(end - back))));
    const keys = this.moments.keys();
    for (const [key, row] of this.rows) {
      if (!keys.includes(key)) {
        row.element.remove();
        this.rows.delete(key);
      }
    }
    for (const key of keys) this.#drawRow(key, end);
  }

  #drawRow(key, end) {
    const row = this.rows.get(key) ?? this.#addRow(key);
    const { stream, id } = /** @type {import("./moments.js").Person} */ (this.moments.people.get(key));
    row.name.textContent =
      stream === this.moments.stream ? personFor(id) : fill(words.history.earlier, { number: id });
    const stretches = this.moments.stretches(key).filter((s) => s.end > end - SHOWN_S && s.start < end);
    row.summary.textContent = summary(stretches, end);
    const { canvas } = row;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width) return;
    const ratio = devicePixelRatio || 1;
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    const context = contextOf(canvas);
    context.scale(ratio, ratio);
    const style = getComputedStyle(canvas);
    const x = (time) => width * (1 - (end - time) / SHOWN_S);
    context.fillStyle = style.getPropertyValue("--line");
    for (let back = TICK_S; back < SHOWN_S; back += TICK_S) context.fillRect(x(end - back), 0, 1, height);
    context.fillStyle = style.getPropertyValue("--ink");
    for (const { time } of this.moments.marks) context.fillRect(x(time) - 1, 0, 2, height);
    for (const { start, end: stop, label, confidence } of stretches) {
      const kind = shownKind(label);
      const [left, right] = [Math.max(0, x(start)), Math.min(width, x(stop))];
      const high = height * (0.35 + 0.65 * confidence);
      const colour = style.getPropertyValue(`--${styleOf(kind)}`);
      context.globalAlpha = kind === "unsure" ? 0.25 : 0.45;
      context.fillStyle = colour;
      context.fillRect(left, height - high, Math.max(1, right - left), high);
      context.globalAlpha = 1;
      context.fillRect(left, height - 3, Math.max(1, right - left), 3);
      if (right - left >= ICON + 6)
        drawShape(context, kind, left + 3, height - ICON - 6, ICON, style.getPropertyValue("--ink"));
    }
  }

  // Says when it was, and how the person looked then.
  #point(key, event) {
    const time = this.#timeAt(event);
    const moment = this.moments.at(key, time);
    const look = moment ? (settings.names(moment.label) ? lookFor(moment.label) : "—") : words.history.unseen;
    this.pointed.textContent = `${clock(time)}  ${look}`;
  }

  // A place in another film than the one that is on is none of this one.
  #jump(key, event) {
    this.#point(key, event);
    const moment = this.moments.at(key, this.#timeAt(event));
    const stream = this.moments.people.get(key)?.stream;
    if (moment?.place != null && stream === this.moments.stream) this.onJump(moment.place);
  }

  #timeAt({ offsetX, target }) {
    const end = this.held ?? this.moments.end;
    return end - SHOWN_S * (1 - offsetX / target.clientWidth);
  }

  #addRow(key) {
    const element = document.createElement("li");
    const [name, summaryLine] = [document.createElement("span"), document.createElement("span")];
    const canvas = document.createElement("canvas");
    element.className = "strip";
    name.className = "person";
    summaryLine.className = "strip-summary";
    canvas.setAttribute("aria-hidden", "true");
    element.append(name, canvas, summaryLine);
    const row = { element, name, canvas, summary: summaryLine };
    canvas.addEventListener("pointermove", (event) => this.#point(key, event));
    canvas.addEventListener("pointerleave", () => (this.pointed.textContent = ""));
    canvas.addEventListener("click", (event) => this.#jump(key, event));
    this.rows.set(key, row);
    const keys = this.moments.keys();
    const later = keys.slice(keys.indexOf(key) + 1).find((other) => this.rows.has(other));
    this.strips.insertBefore(element, later === undefined ? null : (this.rows.get(later)?.element ?? null));
    return row;
  }
}

function part(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: text });
}

// The time of day of a second on the page's clock.
function clock(second) {
  const date = new Date(performance.timeOrigin + 1000 * second);
  return date.toLocaleTimeString(document.documentElement.lang, { hour12: false });
}

// How long each look was shown, the longest first.
function summary(stretches, end) {
  const seconds = new Map();
  for (const { start, end: stop, label } of stretches) {
    const length = Math.min(stop, end) - Math.max(start, end - SHOWN_S);
    seconds.set(label, (seconds.get(label) ?? 0) + length);
  }
  const said = [...seconds].filter(([label, length]) => length >= 0.5 && settings.names(label));
  const sorted = said.sort((a, b) => b[1] - a[1]);
  const part = ([label, length]) => ({ look: lookFor(label), seconds: Math.round(length) });
  return sorted.map((one) => fill(words.history.length, part(one))).join(", ");
}
