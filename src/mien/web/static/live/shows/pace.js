// @ts-check
// How wide the pictures are that the page sends: as wide as can be read while they are still news.

const WIDTHS = [640, 512, 416, 320];
// From taking a picture to its result, in milliseconds. Above the first, pictures get narrower; they
// get wider where the next width would stay below the second.
const SLOW = 45;
const FAST = 35;
const WINDOW = 20; // results that are judged together
const SHARE = 0.8; // so many of them may not be slow: one hiccup is none
const FIRST_WAIT = 3; // windows in a row that must have been fast
const LONGEST_WAIT = 48;

export class Pace {
  constructor() {
    this.step = 0;
    this.wait = FIRST_WAIT;
    this.fast = 0;
    this.since = Infinity; // windows since the pictures got wider
    this.times = [];
  }

  get width() {
    return WIDTHS[this.step];
  }

  // Takes how long one picture took, in milliseconds.
  add(time) {
    this.times.push(time);
    if (this.times.length < WINDOW) return;
    const usual = this.times.sort((a, b) => a - b)[Math.floor(SHARE * WINDOW)];
    this.times = [];
    this.since += 1;
    const wider = WIDTHS[this.step - 1];
    if (usual > SLOW && this.step < WIDTHS.length - 1) {
      // What has just been tried in vain is not tried again soon.
      this.wait = this.since <= FIRST_WAIT ? Math.min(2 * this.wait, LONGEST_WAIT) : FIRST_WAIT;
      this.#go(1);
    } else if (wider && usual * (wider / this.width) ** 2 < FAST) {
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
