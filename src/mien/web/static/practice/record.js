// @ts-check
// What was answered in practice, sitting by sitting: kept in this browser, and only once the user asks.

import { toTable } from "../core/csv.js";

const KEY = "mien-practice";
const MOST = 5000; // answers; the oldest go first
const COLUMNS = /** @type {const} */ ([
  ...["time", "sitting", "faces", "person", "look", "strength", "answer", "mien"],
]);

/**
 * An answer: when it was given, in UTC, in which sitting (when that began), to which kind of faces; of a
 * drawing also which person, its look and its strength, 1 to 3; of a picture the look that its folder names,
 * and what mien said. A look is null for "not sure", or where none is known.
 *
 * @typedef {object} Answer
 * @property {string} time
 * @property {string} sitting
 * @property {"drawn" | "pictures"} faces
 * @property {number | null} person
 * @property {string | null} look
 * @property {number | null} strength
 * @property {string | null} answer
 * @property {string | null} mien
 */

export class Record {
  /** @type {Answer[]} */
  sitting = []; // of this one, while the page is open

  // Whether answers are kept from now on.
  get on() {
    return load().on;
  }

  /** @returns {Answer[]} */
  get answers() {
    return load().answers;
  }

  /** @param {Omit<Answer, "time" | "sitting">} answer */
  add(answer) {
    const time = new Date().toISOString();
    const row = { time, sitting: this.sitting[0]?.sitting ?? time, ...answer };
    this.sitting.push(row);
    const kept = load();
    if (kept.on) save({ on: true, answers: [...kept.answers, row] });
  }

  // Keeps answers from now on, with those of this sitting. Returns whether the browser lets it.
  start() {
    const { answers } = load();
    const known = new Set(answers.map(({ time }) => time));
    return save({ on: true, answers: [...answers, ...this.sitting.filter(({ time }) => !known.has(time))] });
  }

  // Keeps no more; what is there stays.
  stop() {
    const { answers } = load();
    if (answers.length) save({ on: false, answers });
    else this.forget();
  }

  forget() {
    this.sitting = [];
    try {
      localStorage.removeItem(KEY);
    } catch {
      // Where nothing can be stored, nothing is.
    }
  }
}

/** @param {Answer[]} answers */
export function toCsv(answers) {
  return toTable(
    [...COLUMNS],
    answers.map((answer) => COLUMNS.map((column) => answer[column])),
  );
}

// Another tab, or another version, may have written anything.
function load() {
  try {
    const { on, answers } = JSON.parse(localStorage.getItem(KEY) ?? "null") ?? {};
    return { on: on === true, answers: Array.isArray(answers) ? answers.filter(isAnswer) : [] };
  } catch {
    return { on: false, answers: [] };
  }
}

function save({ on, answers }) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ on, answers: answers.slice(-MOST) }));
    return true;
  } catch {
    return false;
  }
}

function isAnswer(one) {
  return (
    ["drawn", "pictures"].includes(one?.faces) &&
    [one.time, one.sitting].every((time) => !Number.isNaN(Date.parse(time))) &&
    [one.look, one.answer, one.mien].every((look) => look === null || typeof look === "string") &&
    [one.person, one.strength].every((number) => number === null || Number.isFinite(number))
  );
}
