// @ts-check
// How much is asked of a device: as much as it does in good time.

/**
 * @typedef {object} Limits
 * @property {number[]} steps what may be asked, the most first; its time grows with the square
 * @property {number} slow from so many milliseconds on, less is asked
 * @property {number} fast more is asked where that would take less than this
 * @property {number} [judged] so many times are judged together
 */

const JUDGED = 20;
const SHARE = 0.8; // so many of them may not be slow: one hiccup is none
const FIRST_WAIT = 3; // windows in a row that must have been fast
const LONGEST_WAIT = 48;

export class Pace {
  /** @param {Limits} limits */
  constructor(limits) {
    this.limits = limits;
    this.judged = limits.judged ?? JUDGED;
    this.step = 0;
    this.wait = FIRST_WAIT;
    this.fast = 0;
    this.since = Infinity; // windows since more was asked
    /** @type {number[]} */
    this.times = [];
  }

  /** What is asked now. */
  get value() {
    return this.limits.steps[this.step];
  }

  /**
   * Takes how long it took once.
   *
   * @param {number} time in milliseconds
   */
  add(time) {
    this.times.push(time);
    if (this.times.length < this.judged) return;
    const usual = this.times.sort((a, b) => a - b)[Math.floor(SHARE * this.judged)];
    this.times = [];
    this.since += 1;
    const { steps, slow, fast } = this.limits;
    const more = steps[this.step - 1];
    if (usual > slow && this.step < steps.length - 1) {
      // What has just been tried in vain is not tried again soon.
      this.wait = this.since <= FIRST_WAIT ? Math.min(2 * this.wait, LONGEST_WAIT) : FIRST_WAIT;
      this.#go(1);
    } else if (more && usual * (more / this.value) ** 2 < fast) {
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
