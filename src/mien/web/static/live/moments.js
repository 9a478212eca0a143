// @ts-check
// The last minutes: which look each face had, and how sure that was. Kept in this page's memory only.

import { toTable } from "../core/csv.js";
import { amongAll } from "../core/looks.js";

const KEPT_S = 600;
const SAMPLE_S = 0.2; // a change is kept at once, what stays the same this often
const GAP_S = 0.7; // who is not seen for longer was away
const LEAST_S = 0.5; // who is seen for less has no strip

/**
 * @typedef {{ time: number, until: number, label: string | null, confidence: number, place: number | null }} Moment
 * @typedef {{ stream: number, id: number, moments: Moment[] }} Person
 */

export class Moments {
  constructor() {
    /** @type {Map<string, Person>} */
    this.people = new Map();
    /** @type {{ time: number, stream: number, word: string }[]} */
    this.marks = [];
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

  /**
   * Takes a result; `now` is in seconds on a clock that only runs forward.
   *
   * @param {import("../generated/messages.js").Analyzed} analysis
   * @param {number} now
   * @param {number | null} place where in a film it was, in seconds
   */
  add(analysis, now, place = null) {
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
        moments.push({ time: now, until: now, label: reading.label, confidence, place });
      }
    }
    this.marks = this.marks.filter(({ time }) => now - time <= KEPT_S);
    for (const [key, { moments }] of this.people) {
      const old = moments.findIndex((moment) => now - moment.time <= KEPT_S);
      if (old < 0) this.people.delete(key);
      else moments.splice(0, old);
    }
  }

  /**
   * @param {string} word of a marker
   * @param {number} now as in `add`
   */
  mark(word, now) {
    this.marks.push({ time: now, stream: this.stream, word });
  }

  // Returns the keys of all people, in the order in which they were numbered, but of those who were seen
  // for a moment only: where one picture fades into another, there is a face that is nobody's.
  keys() {
    const people = [...this.people.entries()].filter(([, { moments }]) => lasts(moments));
    people.sort(([, a], [, b]) => a.stream - b.stream || a.id - b.id);
    return people.map(([key]) => key);
  }

  // Returns the stretches of one look of a person: [{start, end, label, confidence}], in order.
  stretches(key) {
    /** @type {{ start: number, end: number, label: string | null, confidence: number, count: number }[]} */
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

  /**
   * What was seen of a person at a time: the last moment before it; null where nothing was.
   *
   * @param {string} key
   * @param {number} time
   */
  at(key, time) {
    const moment = this.people.get(key)?.moments.findLast((one) => one.time <= time);
    return moment && time - moment.until <= GAP_S ? moment : null;
  }

  // Returns one row per kept moment and marker, in order of time; `clock` is the date of second 0 in ms.
  rows(clock) {
    const rows = [];
    for (const { stream, id, moments } of this.people.values()) {
      for (const { time, label, confidence } of moments) {
        rows.push({
          time: new Date(clock + time * 1000).toISOString(),
          stream,
          person: id,
          label,
          confidence,
        });
      }
    }
    for (const { time, stream, word } of this.marks) {
      rows.push({ time: new Date(clock + time * 1000).toISOString(), stream, marker: word });
    }
    return rows.sort((a, b) => a.time.localeCompare(b.time) || (a.person ?? 0) - (b.person ?? 0));
  }

  clear() {
    this.people.clear();
    this.marks = [];
  }
}

/** @param {Moment[]} moments */
function lasts(moments) {
  let seen = 0;
  for (const { time, until } of moments) {
    seen += until - time;
    if (seen >= LEAST_S) return true;
  }
  return false;
}

export function toCsv(rows) {
  const columns = ["time", "stream", "person", "label", "confidence"];
  if (rows.some(({ marker }) => marker)) columns.push("marker");
  const text = (row) => ({ ...row, confidence: row.confidence?.toFixed(3) });
  return toTable(
    columns,
    rows.map(text).map((row) => columns.map((column) => row[column])),
  );
}
