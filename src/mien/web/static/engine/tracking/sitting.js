// @ts-check
// The twin of mien/tracking/sitting.py: the people of one sitting, and who is back after seconds or
// minutes. Kept in memory only, bounded in people and bytes, forgotten with the stream. Where it is not
// sure it names nobody, because a wrong name is worse than a new number.

import { hasColour, resemblance } from "./portrait.js";

/** @typedef {import("./views.js").Portrait} Portrait */

// The resemblance from which two portraits are of one person...
const SAME = 0.68;
// ...so much more without colour, which tells most people apart...
const GRAY = 0.06;
// ...and so much each time that those who may be back are twice as many.
const CROWD = 0.01;
// The resemblance below which two are not of one person, whatever the next moment shows.
const STRANGER = 0.6;
// By how much someone must be more alike than the next one.
const MARGIN = 0.03;
// So many people, and portraits of each, are kept: less than two megabytes.
const PEOPLE = 32;
const PORTRAITS = 8;

class Person {
  /** @type {Portrait[]} */
  portraits = [];
  /** @type {Set<number>} */
  met = new Set();

  /** @param {number} seen */
  constructor(seen) {
    this.seen = seen;
  }

  /**
   * How alike a portrait is to this person; 0 without portraits.
   *
   * @param {Portrait} portrait
   */
  likeness(portrait) {
    if (!this.portraits.length) return 0;
    return Math.max(...this.portraits.map((one) => resemblance(one, portrait)));
  }
}

/** Knows the people of one stream by their numbers. Holds the stream's state. */
export class Sitting {
  /** @type {Map<number, Person>} */
  #people = new Map();
  #remember;

  /** @param {number} remember seconds after which someone who is away is forgotten */
  constructor(remember) {
    this.#remember = remember;
  }

  /** Forgets everybody. */
  reset() {
    this.#people.clear();
  }

  /**
   * Notes who is there: people who are seen side by side are not the same.
   *
   * @param {Set<number>} numbers
   * @param {number} now
   */
  meet(numbers, now) {
    for (const [number, person] of this.#people) {
      if (now - person.seen > this.#remember) this.#forget(number);
    }
    const inOrder = [...numbers].sort((a, b) => a - b);
    for (const number of inOrder) {
      const person = this.#people.get(number);
      if (person) person.seen = now;
    }
    for (const number of inOrder) {
      if (!this.#people.has(number)) {
        if (!this.#hasRoom(now)) continue;
        this.#people.set(number, new Person(now));
      }
      for (const other of inOrder) this.#person(number).met.add(other);
    }
  }

  /**
   * Keeps a portrait of someone who is there; of two that are nearly the same, the newer.
   *
   * @param {number} number
   * @param {Portrait} portrait
   */
  keep(number, portrait) {
    const kept = this.#people.get(number)?.portraits;
    if (!kept) return;
    if (kept.length === PORTRAITS) {
      const alike = kept.map((one) => resemblance(one, portrait));
      kept.splice(alike.indexOf(Math.max(...alike)), 1);
    }
    kept.push(portrait);
  }

  /**
   * Whether there is a portrait of someone.
   *
   * @param {number} number
   */
  isKnown(number) {
    return Boolean(this.#people.get(number)?.portraits.length);
  }

  /**
   * Whether someone who is known is not among those who are there.
   *
   * @param {Set<number>} present
   */
  isAway(present) {
    return this.#away(present).length > 0;
  }

  /**
   * How alike someone is to a portrait; 0 where that is not known.
   *
   * @param {number} number
   * @param {Portrait} portrait
   */
  likeness(number, portrait) {
    return this.#people.get(number)?.likeness(portrait) ?? 0;
  }

  /**
   * Whether a portrait is like enough to be of someone.
   *
   * @param {number} number
   * @param {Portrait} portrait
   */
  isLike(number, portrait) {
    return this.likeness(number, portrait) >= least(portrait);
  }

  /**
   * Whether a face where someone is expected is not theirs: too unlike, or more another's.
   *
   * Of people whom looks do not tell apart, as twins or someone beside a mirror, the place tells who is
   * who.
   *
   * @param {number} number who is expected
   * @param {Portrait} portrait of the face
   * @param {boolean} beside whether another face may reach over it; then being unlike is not enough, and
   *   being more like another is, however little of either is to be seen
   */
  isAnother(number, portrait, beside) {
    if (!beside && !this.isLike(number, portrait)) return true;
    const more = this.likeness(number, portrait) + MARGIN;
    const enough = beside ? more : Math.max(least(portrait), more);
    return [...this.#people.keys()].some(
      (other) =>
        other !== number && this.likeness(other, portrait) >= enough && !this.#areAlike(number, other),
    );
  }

  /**
   * Whether a portrait may be of one who is away, and is not like enough to be sure.
   *
   * @param {Portrait} portrait
   * @param {Set<number>} present
   */
  mayBeBack(portrait, present) {
    const away = this.#away(present);
    if (!away.length) return false;
    const nearest = Math.max(...away.map((number) => this.likeness(number, portrait)));
    return STRANGER <= nearest && nearest < least(portrait, away.length);
  }

  /**
   * Says who of those who are away is back.
   *
   * @param {Map<number, Portrait>} portraits of the new faces of one frame, by any index
   * @param {Set<number>} present the numbers of those who are there
   * @returns {Map<number, number>} the numbers of those who are known for sure, by the same index; none
   *   twice
   */
  recognise(portraits, present) {
    const numbers = [...this.#people.keys()];
    const indices = [...portraits.keys()];
    const faces = [...portraits.values()];
    /** @type {Map<number, number>} */
    const sure = new Map();
    if (!numbers.length || !indices.length) return sure;
    const alike = numbers.map((number) => faces.map((portrait) => this.likeness(number, portrait)));
    const away = this.#away(present).length;
    const enough = faces.map((portrait) => least(portrait, away));
    const free = alike.map((row, r) =>
      row.map((value, c) => (!present.has(numbers[r]) && value >= enough[c] ? value : 0)),
    );
    for (let best = highest(free); best; best = highest(free)) {
      const [row, column] = best;
      const near = alike[row][column] - MARGIN;
      const rivals = numbers.filter((_, other) => other !== row && alike[other][column] > near);
      const alone = alike[row].filter((value) => value > near).length === 1;
      if (alone && rivals.every((rival) => this.#areOne(numbers[row], rival))) {
        sure.set(indices[column], numbers[row]);
      }
      takeOut(free, row, column);
    }
    return sure;
  }

  // Whether two numbers went to one person: never seen side by side, and alike.
  #areOne(first, second) {
    return !this.#person(first).met.has(second) && this.#areAlike(first, second);
  }

  // Whether looks do not tell two people apart.
  #areAlike(first, second) {
    const one = this.#person(first);
    return this.#person(second).portraits.some((portrait) => one.likeness(portrait) >= least(portrait));
  }

  #away(present) {
    return [...this.#people.keys()].filter((number) => !present.has(number) && this.isKnown(number));
  }

  // Makes room for one more, by who is away for longest; of a crowd some are not kept.
  #hasRoom(now) {
    if (this.#people.size < PEOPLE) return true;
    const [oldest, { seen }] = [...this.#people].reduce((a, b) => (b[1].seen < a[1].seen ? b : a));
    if (seen === now) return false;
    this.#forget(oldest);
    return true;
  }

  #forget(number) {
    this.#people.delete(number);
    for (const person of this.#people.values()) person.met.delete(number);
  }

  /** @returns {Person} */
  #person(number) {
    const person = this.#people.get(number);
    if (!person) throw new Error(`nobody has the number ${number}`);
    return person;
  }
}

/**
 * The resemblance from which a portrait is of one of so many people.
 *
 * @param {Portrait} portrait
 * @param {number} people
 */
export function least(portrait, people = 1) {
  const gray = hasColour(portrait) ? 0 : GRAY;
  return SAME + gray + CROWD * Math.log2(Math.max(1, people));
}

/**
 * The row and column of the highest number above zero, the first of those that are as high; null where
 * there is none.
 *
 * @param {number[][]} table
 * @returns {[number, number] | null}
 */
export function highest(table) {
  let best = 0;
  /** @type {[number, number] | null} */
  let place = null;
  table.forEach((values, row) => {
    values.forEach((value, column) => {
      if (value > best) {
        best = value;
        place = [row, column];
      }
    });
  });
  return place;
}

/**
 * Sets a row and a column to zero: what was in them is taken.
 *
 * @param {number[][]} table
 * @param {number} row
 * @param {number} column
 */
export function takeOut(table, row, column) {
  table[row].fill(0);
  for (const values of table) values[column] = 0;
}
