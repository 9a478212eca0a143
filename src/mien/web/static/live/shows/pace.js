// @ts-check
// How wide the pictures are that the page sends: as wide as can be read while they are still news.

/**
 * @typedef {object} Limits
 * @property {number[]} widths of pictures, the widest first
 * @property {number} slow from taking a picture to its result, in milliseconds: above this, pictures get
 *   narrower
 * @property {number} fast they get wider where the next width would stay below this
 */

/** @type {Limits} */
export const CAMERA = { widths: [640, 512, 416, 320], slow: 45, fast: 35 };
// In a window that shows many people a face is small; and a call is read, not mirrored.
/** @type {Limits} */
export const WINDOW = { widths: [1920, 1600, 1280, 960, 640], slow: 250, fast: 180 };
const JUDGED = 20; // results that are judged together
const SHARE = 0.8; // so many of them may not be slow: one hiccup is none
const FIRST_WAIT = 3; // windows in a row that must have been fast
const LONGEST_WAIT = 48;

export class Pace {
  /** @param {Limits} limits */
  constructor(limits) {
    this.limits = limits;
    this.step = 0;
    this.wait = FIRST_WAIT;
    this.fast = 0;
    this.since = Infinity; // windows since the pictures got wider
    this.times = [];
  }

  get width() {
    return this.limits.widths[this.step];
  }

  // Takes how long one picture took, in milliseconds.
  add(time) {
    this.times.push(time);
    if (this.times.length < JUDGED) return;
    const usual = this.times.sort((a, b) => a - b)[Math.floor(SHARE * JUDGED)];
    this.times = [];
    this.since += 1;
    const { widths, slow, fast } = this.limits;
    const wider = widths[this.step - 1];
    if (usual > slow && this.step < widths.length - 1) {
      // What has just been tried in vain is not tried again soon.
      this.wait = this.since <= FIRST_WAIT ? Math.min(2 * this.wait, LONGEST_WAIT) : FIRST_WAIT;
      this.#go(1);
    } else if (wider && usual * (wider / this.width) ** 2 < fast) {
      this.fast += 1;
      if (this.fast < this.wait) return;
      this.#go(-1);
      this.since = 0;
    } else {
      this.fast = 0;
    }
  }

  #go(steps) {
    this.step += steps;
    this.fast = 0;
  }
}
