// @ts-check
// Which drawn face comes next: looks and people in turn, and how strong a look is.

import { shuffled } from "../rounds.js";
import { STRONG, WAYS } from "./looks.js";
import { PEOPLE } from "./people.js";

const EACH = 2; // times each look is there before any comes once more than another
const IN_A_ROW = 2; // answers as drawn, then that look gets weaker

/** @typedef {{ person: number, look: string, way: number, strength: number }} Drawn */

export class Course {
  constructor() {
    /** @type {Map<string, { strength: number, row: number }>} */
    this.levels = new Map();
    /** @type {string[]} */
    this.looks = [];
    /** @type {string[]} */
    this.waiting = [];
    /** @type {number[]} */
    this.people = [];
  }

  /**
   * The next face, with one of the looks.
   *
   * @param {string[]} looks
   * @returns {Drawn}
   */
  next(looks) {
    if (looks.join() !== this.looks.join()) {
      this.looks = looks;
      this.waiting = [];
    }
    if (!this.waiting.length) this.waiting = shuffled(Array(EACH).fill(looks).flat());
    const look = /** @type {string} */ (this.waiting.pop());
    const way = Math.floor(Math.random() * WAYS[look].length);
    return { person: this.#nextPerson(), look, way, strength: this.levelOf(look).strength };
  }

  /** @param {string} look */
  levelOf(look) {
    return this.levels.get(look) ?? { strength: STRONG, row: 0 };
  }

  /**
   * Takes an answer: a look that was told twice in a row gets weaker, one that was not gets stronger.
   *
   * @param {string} look
   * @param {boolean} same whether the answer is what was drawn
   */
  learn(look, same) {
    let { strength, row } = this.levelOf(look);
    row = same ? row + 1 : 0;
    if (!same) strength = Math.min(STRONG, strength + 1);
    else if (row === IN_A_ROW) [strength, row] = [Math.max(1, strength - 1), 0];
    this.levels.set(look, { strength, row });
  }

  // Nobody twice in a row.
  #nextPerson() {
    if (!this.people.length) {
      const order = shuffled([...PEOPLE.keys()]);
      if (order.at(-1) === this.last) order.unshift(/** @type {number} */ (order.pop()));
      this.people = order;
    }
    this.last = /** @type {number} */ (this.people.pop());
    return this.last;
  }
}
