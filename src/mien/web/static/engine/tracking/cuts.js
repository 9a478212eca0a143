// @ts-check
// The twin of mien/tracking/cuts.py: hard cuts, where a picture, or a part of it, goes on as another one.
//
// Two frames of one scene are alike block by block, once blocks may move a little and light may change;
// those of two scenes are not. A frame with hardly anything in it (a flash, black between two shots) says
// nothing: the next one is compared with that before it.

import { centerOf, sideOf } from "../vision/boxes.js";
import { round } from "../vision/numbers.js";
import { grayOf, wordsOf } from "../vision/pixels.js";

/**
 * @typedef {import("../types.js").Box} Box
 * @typedef {import("../types.js").Picture} Picture
 *
 * @typedef {object} Cut
 * @property {boolean} whole whether the frame is of another scene than the one before
 * @property {boolean[]} faces of each place that was asked for, whether what is around it is
 *
 * @typedef {{ top: number, bottom: number, left: number, right: number }} Place in blocks
 */

// A frame in gray cells, each the mean of 2x2 pixels; blocks of them, and how far blocks may move.
const COLUMNS = 96;
const ROWS = 72;
const BLOCK = 8;
const REACH = 6;
const ACROSS = COLUMNS / BLOCK;
const DOWN = ROWS / BLOCK;
const CELLS = BLOCK * BLOCK;
const SHOWS = 16 * BLOCK; // deviation from which a block shows something, as a vector
const ALIKE = 0.87; // the correlation from which a block is the same
const GOES_ON = 0.25; // the share of blocks below which nothing goes on
const LEAST = 8; // blocks that must show something, of a frame
const LEAST_AROUND = 4; // and of what is around a face
const AROUND = 2.5; // a face with what is around it, in sides of its box
const PASSED_OVER = 2; // seconds for which an empty frame is passed over

/** Compares each frame of one stream with that before it. Holds the stream's state. */
export class CutFinder {
  /** @type {Float64Array | null} */
  #before = null;
  #time = 0;

  /** Forgets the last frame, for a new source. */
  reset() {
    this.#before = null;
    this.#time = 0;
  }

  /**
   * Compares a frame with the last one.
   *
   * @param {Picture} picture
   * @param {number} timestamp seconds of stream time
   * @param {Box[]} faces where faces were, in pixels; without any nothing is compared
   * @returns {Cut}
   */
  find(picture, timestamp, faces) {
    const cells = shrunk(picture);
    const before = this.#before;
    const passed = timestamp - this.#time;
    const nothing = { whole: false, faces: faces.map(() => false) };
    const compared = before && new Compared(before, cells);
    if (compared?.saysNothing && passed >= 0 && passed < PASSED_OVER) return nothing;
    this.#before = cells;
    this.#time = timestamp;
    if (!compared || faces.length === 0) return nothing;
    const { width, height } = picture;
    return compared.cut(faces.map((box) => around(box, width, height)));
  }
}

/**
 * A frame in gray cells, row by row, each the sum of four pixels.
 *
 * @param {Picture} picture
 */
export function shrunk({ data, width, height }) {
  const words = wordsOf(data);
  const cells = new Float64Array(COLUMNS * ROWS);
  const xs = picked(2 * COLUMNS, width);
  const ys = picked(2 * ROWS, height);
  for (let y = 0; y < 2 * ROWS; y++) {
    const row = ys[y] * width;
    const into = (y >> 1) * COLUMNS;
    for (let x = 0; x < 2 * COLUMNS; x++) cells[into + (x >> 1)] += grayOf(words[row + xs[x]]);
  }
  return cells;
}

/**
 * Which pixels are taken along a side, as OpenCV takes the nearest.
 *
 * @param {number} count
 * @param {number} length
 */
function picked(count, length) {
  const step = 1 / (count / length);
  return Int32Array.from({ length: count }, (_, i) => Math.min(Math.floor(i * step), length - 1));
}

/** Two frames, block by block; what is not asked for is not worked out. */
class Compared {
  #before;
  #now;
  #told = new Uint8Array(ACROSS * DOWN);
  #alike = new Uint8Array(ACROSS * DOWN);
  #searched = new Uint8Array(ACROSS * DOWN);

  /**
   * @param {Float64Array} before
   * @param {Float64Array} now
   */
  constructor(before, now) {
    this.#before = before;
    this.#now = now;
    for (let n = 0; n < ACROSS * DOWN; n++) {
      const at = cornerOf(n);
      const told = lengthOf(before, at) >= SHOWS && lengthOf(now, at) >= SHOWS;
      this.#told[n] = Number(told);
      this.#alike[n] = Number(told && areAlike(before, at, now, at));
      this.#searched[n] = Number(!told || this.#alike[n]);
    }
  }

  /** Whether too little is to be seen in both to tell. */
  get saysNothing() {
    return this.#told.reduce((sum, told) => sum + told, 0) < LEAST;
  }

  /**
   * What does not go on: of the whole, and of what is around each face.
   *
   * @param {Place[]} places
   * @returns {Cut}
   */
  cut(places) {
    const whole = this.#ends({ top: 0, bottom: DOWN, left: 0, right: ACROSS }, LEAST);
    return { whole, faces: places.map((place) => whole || this.#ends(place, LEAST_AROUND)) };
  }

  /**
   * @param {Place} place
   * @param {number} least
   */
  #ends(place, least) {
    const blocks = blocksOf(place);
    const count = (of) => blocks.reduce((sum, n) => sum + of[n], 0);
    const told = count(this.#told);
    if (told < least || count(this.#alike) >= GOES_ON * told) return false;
    // What has moved a little is searched for only where little is as it was.
    for (const n of blocks) {
      if (this.#searched[n]) continue;
      this.#alike[n] = Number(this.#moved(n));
      this.#searched[n] = 1;
      if (count(this.#alike) >= GOES_ON * told) return false;
    }
    return true;
  }

  /**
   * Whether a block was somewhere near in the frame before.
   *
   * @param {number} n
   */
  #moved(n) {
    const at = cornerOf(n);
    const [top, left] = [Math.floor(at / COLUMNS), at % COLUMNS];
    const lastY = Math.min(top + REACH, ROWS - BLOCK);
    const lastX = Math.min(left + REACH, COLUMNS - BLOCK);
    for (let y = Math.max(0, top - REACH); y <= lastY; y++) {
      for (let x = Math.max(0, left - REACH); x <= lastX; x++) {
        const from = y * COLUMNS + x;
        if (lengthOf(this.#before, from) >= SHOWS && areAlike(this.#before, from, this.#now, at)) return true;
      }
    }
    return false;
  }
}

/** @param {number} n a block @returns {number} its first cell */
function cornerOf(n) {
  return BLOCK * (Math.floor(n / ACROSS) * COLUMNS + (n % ACROSS));
}

/** @param {Place} place */
function blocksOf({ top, bottom, left, right }) {
  const blocks = [];
  for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) blocks.push(y * ACROSS + x);
  return blocks;
}

/**
 * The blocks whose middles are around a face, three by three at least.
 *
 * @param {Box} box
 * @param {number} width
 * @param {number} height
 * @returns {Place}
 */
function around(box, width, height) {
  const [x, y] = centerOf(box);
  const half = (AROUND * sideOf(box)) / 2;
  const [top, bottom] = span(y, half, height, DOWN);
  const [left, right] = span(x, half, width, ACROSS);
  return { top, bottom, left, right };
}

/**
 * @param {number} middle
 * @param {number} half
 * @param {number} length
 * @param {number} blocks
 * @returns {[number, number]}
 */
function span(middle, half, length, blocks) {
  const step = length / blocks;
  const at = Math.min(Math.max(Math.trunc(middle / step), 0), blocks - 1);
  const first = Math.min(Math.max(round((middle - half) / step), 0), Math.max(at - 1, 0));
  const last = Math.max(Math.min(round((middle + half) / step), blocks), Math.min(at + 2, blocks));
  return [first, last];
}

/**
 * @param {Float64Array} cells
 * @param {number} at the first cell of a block
 */
function mean(cells, at) {
  let sum = 0;
  for (let y = 0; y < BLOCK; y++) for (let x = 0; x < BLOCK; x++) sum += cells[at + y * COLUMNS + x];
  return sum / CELLS;
}

/**
 * The length of a block without its mean, as a vector.
 *
 * @param {Float64Array} cells
 * @param {number} at the first cell of a block
 */
function lengthOf(cells, at) {
  const middle = mean(cells, at);
  let sum = 0;
  for (let y = 0; y < BLOCK; y++) {
    for (let x = 0; x < BLOCK; x++) sum += (cells[at + y * COLUMNS + x] - middle) ** 2;
  }
  return Math.sqrt(sum);
}

/**
 * Whether two blocks correlate.
 *
 * @param {Float64Array} one
 * @param {number} from
 * @param {Float64Array} other
 * @param {number} at
 */
function areAlike(one, from, other, at) {
  const [first, second] = [mean(one, from), mean(other, at)];
  let product = 0;
  for (let y = 0; y < BLOCK; y++) {
    const [a, b] = [from + y * COLUMNS, at + y * COLUMNS];
    for (let x = 0; x < BLOCK; x++) product += (one[a + x] - first) * (other[b + x] - second);
  }
  return product >= ALIKE * lengthOf(one, from) * lengthOf(other, at);
}
