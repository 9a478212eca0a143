// @ts-check
// What is told, to a screen reader or as a sound, and when: only what has lasted, and not one thing
// on top of another.

import { settings } from "../core/settings.js";

// What is told has held for `stable`, and is not followed by more before `pause` is over.
const PACES = {
  slow: { stable: 1500, pause: 6000 },
  usual: { stable: 1000, pause: 2500 },
  quick: { stable: 500, pause: 1000 },
};
const AWAY_MS = 10_000; // who is away for longer is news when they are back

export class Announcer {
  toldAt = -Infinity;

  constructor() {
    this.reset();
  }

  reset() {
    /** @type {Map<unknown, { told: unknown, value: unknown, since: number, seen: number }>} */
    this.things = new Map();
    this.toldAt = -Infinity;
  }

  // Takes what is the case now, as a map from anything's id to its value; null is nothing to tell.
  // Returns the id of what should be told: it has changed since it was told, and the one that has
  // waited longest comes first. Undefined where there is none. What is `silent` counts as told.
  /**
   * @template Id
   * @param {Map<Id, unknown>} present
   * @param {number} now
   * @param {(value: any) => boolean} silent
   * @returns {Id | undefined}
   */
  due(present, now = performance.now(), silent = () => false) {
    const { stable, pause } = PACES[settings.values.pace];
    for (const [id, thing] of this.things) {
      if (present.has(/** @type {Id} */ (id))) continue;
      thing.value = null;
      if (now - thing.seen > AWAY_MS) this.things.delete(id);
    }
    /** @type {Id | undefined} */
    let first;
    for (const [id, value] of present) {
      const thing = this.things.get(id) ?? { told: "", value: null, since: now, seen: now };
      this.things.set(id, thing);
      thing.seen = now;
      if (value !== thing.value) Object.assign(thing, { value, since: now });
      if (value === null || value === thing.told || now - thing.since < stable) continue;
      if (silent(value)) thing.told = value;
      else if (first === undefined || thing.since < (this.things.get(first)?.since ?? 0)) first = id;
    }
    return now - this.toldAt >= pause ? first : undefined;
  }

  // Takes note that what was due is told now.
  tell(id, now = performance.now()) {
    const thing = this.things.get(id);
    if (thing) thing.told = thing.value;
    this.toldAt = now;
  }
}
