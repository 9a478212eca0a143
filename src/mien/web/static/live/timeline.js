// The last minutes: which look each face had, and how sure that was. Kept in this page's memory only.

import { amongAll, drawShape, shownKind, styleOf } from "../core/looks.js";
import { lookFor, personFor } from "../core/sayings.js";
import { settings } from "../core/settings.js";
import { fill, words } from "../core/words.js";

const KEPT_S = 600;
const SHOWN_S = 60;
const SAMPLE_S = 0.2; // a change is kept at once, what stays the same this often
const GAP_S = 0.7; // who is not seen for longer was away
const REDRAW_MS = 200;
const CALM_REDRAW_MS = 1000;
const TICK_S = 10;
const ICON = 18;

export class Moments {
  constructor() {
    this.people = new Map();
    this.stream = 0;
    this.end = 0;
  }

  get empty() {
    return this.people.size === 0;
  }

  // Begins another stream, which counts its people anew.
  begin() {
    this.stream += 1;
  }

  // Takes a result; `now` is in seconds on a clock that only runs forward.
  add(analysis, now) {
    this.end = now;
    for (const reading of analysis.faces) {
      const key = `${this.stream} ${reading.track_id}`;
      const person = this.people.get(key) ?? { stream: this.stream, id: reading.track_id, moments: [] };
      this.people.set(key, person);
      const { moments } = person;
      const last = moments.at(-1);
      const goesOn = last?.label === reading.label && now - last.until <= GAP_S;
      if (goesOn) last.until = now;
      if (!goesOn || now - last.time >= SAMPLE_S) {
        const confidence = amongAll(reading.confidence, reading);
        moments.push({ time: now, until: now, label: reading.label, confidence });
      }
    }
    for (const [key, { moments }] of this.people) {
      const old = moments.findIndex((moment) => now - moment.time <= KEPT_S);
      if (old < 0) this.people.delete(key);
      else moments.splice(0, old);
    }
  }

  // Returns the keys of all people, in the order in which they were numbered.
  keys() {
    const people = [...this.people.entries()];
    people.sort(([, a], [, b]) => a.stream - b.stream || a.id - b.id);
    return people.map(([key]) => key);
  }

  // Returns the stretches of one look of a person: [{start, end, label, confidence}], in order.
  stretches(key) {
    const found = [];
    for (const { time, until, label, confidence } of this.people.get(key)?.moments ?? []) {
      const last = found.at(-1);
      const near = last && time - last.end <= GAP_S;
      if (near) last.end = time; // until the next look, not only until the last sight of this one
      if (near && last.label === label) {
        last.end = until;
        last.count += 1;
        last.confidence += (confidence - last.confidence) / last.count;
      } else {
        found.push({ start: time, end: until, label, confidence, count: 1 });
      }
    }
    return found;
  }

  // Returns one row per kept moment, in order of time; `clock` is the date of second 0 in ms.
  rows(clock) {
    const rows = [];
    for (const { stream, id, moments } of this.people.values()) {
      for (const { time, label, confidence } of moments) {
        rows.push({ time: new Date(clock + time * 1000).toISOString(), stream, person: id, label, confidence });
      }
    }
    return rows.sort((a, b) => a.time.localeCompare(b.time) || a.person - b.person);
  }

  clear() {
    this.people.clear();
  }
}

// A field that begins like a formula would be run by a spreadsheet.
function field(value) {
  const text = String(value ?? "").replace(/^[=+\-@]/, "'$&");
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function toCsv(rows) {
  const lines = rows.map((row) => {
    const sure = row.confidence.toFixed(3);
    return [row.time, row.stream, row.person, row.label ?? "", sure].map(field).join(",");
  });
  return ["time,stream,person,label,confidence", ...lines].join("\r\n") + "\r\n";
}

export class Timeline {
  // `parts` are the elements of the section, by name.
  constructor(parts) {
    Object.assign(this, parts);
    this.moments = new Moments();
    this.keeping = false;
    this.rows = new Map();
    this.drawn = -Infinity;
    this.held = null; // the second up to which is shown, where that is not the newest
    settings.onChange(() => this.#draw());
    this.keep.addEventListener("click", () => this.#setKeeping(!this.keeping));
    this.forget.addEventListener("click", () => this.#forget());
    this.back.addEventListener("input", () => this.#hold(Number(this.back.max) - Number(this.back.value)));
    this.hold.addEventListener("click", () => (this.held === null ? this.#hold(0) : this.#follow()));
    this.csv.addEventListener("click", () => this.#save("csv", "text/csv", toCsv(this.#exported())));
    this.json.addEventListener("click", () =>
      this.#save("json", "application/json", JSON.stringify(this.#exported(), null, 1)),
    );
    new ResizeObserver(() => this.#draw()).observe(this.strips);
    this.#refresh();
  }

  add(analysis) {
    if (!this.keeping) return;
    const now = performance.now();
    this.moments.add(analysis, now / 1000);
    if (now - this.drawn >= (settings.calm ? CALM_REDRAW_MS : REDRAW_MS)) this.#draw();
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

  #save(ending, type, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = `mien-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.${ending}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  #refresh() {
    const empty = this.moments.empty;
    this.keep.textContent = this.keeping ? words.history.stop : words.history.start;
    this.section.dataset.keeping = String(this.keeping);
    this.sign.textContent = this.keeping ? words.history.keeping : words.history.off;
    this.tools.hidden = this.strips.hidden = empty;
  }

  #draw() {
    this.drawn = performance.now();
    this.#refresh();
    const end = this.held ?? this.moments.end;
    const behind = Math.round(this.moments.end - end);
    this.back.value = Number(this.back.max) - behind;
    this.ago.textContent = behind ? fill(words.history.ago, { seconds: behind }) : words.history.now;
    this.back.setAttribute("aria-valuetext", this.ago.textContent);
    this.hold.textContent = this.held === null ? words.history.hold : words.history.follow;
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
    const { stream, id } = this.moments.people.get(key);
    row.name.textContent = stream === this.moments.stream ? personFor(id) : fill(words.history.earlier, { number: id });
    const stretches = this.moments.stretches(key).filter((s) => s.end > end - SHOWN_S && s.start < end);
    row.summary.textContent = summary(stretches, end);
    const { canvas } = row;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width) return;
    const ratio = devicePixelRatio || 1;
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const style = getComputedStyle(canvas);
    const x = (time) => width * (1 - (end - time) / SHOWN_S);
    context.fillStyle = style.getPropertyValue("--line");
    for (let back = TICK_S; back < SHOWN_S; back += TICK_S) context.fillRect(x(end - back), 0, 1, height);
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
      if (right - left >= ICON + 6) drawShape(context, kind, left + 3, height - ICON - 6, ICON, style.getPropertyValue("--ink"));
    }
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
    this.rows.set(key, row);
    const keys = this.moments.keys();
    const later = keys.slice(keys.indexOf(key) + 1).find((other) => this.rows.has(other));
    this.strips.insertBefore(element, later === undefined ? null : this.rows.get(later).element);
    return row;
  }
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
