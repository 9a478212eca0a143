// @ts-check
// Painting over a part of a picture from its edge inwards, as OpenCV does it.
//
// By A. Telea, "An Image Inpainting Technique Based on the Fast Marching Method" (2004): the edge of what
// is to be painted marches inwards, the nearest pixels first; each becomes the mean of those near it that
// are known, of which those count most that are near, as far from the edge, and straight outwards.

import { round } from "./numbers.js";

/**
 * @typedef {import("../types.js").Picture} Picture
 *
 * Pixels with a frame of one pixel around them all, so that no neighbour has to be asked whether it is there.
 *
 * @typedef {object} Field
 * @property {number} width with the frame
 * @property {number} height
 * @property {Uint8Array} state KNOWN or UNKNOWN
 * @property {Float32Array} times when the edge arrives at each; below 0 outside of what is painted
 */

const KNOWN = 0;
const UNKNOWN = 1;
const NEVER = 1e6;
// What goes along the edge counts nearly nothing.
const ALONG = 0.01;
const LITTLE = 1e-6;

/**
 * Paints over a part of a picture.
 *
 * @param {Picture} picture
 * @param {Uint8Array} mask not 0 where to paint
 * @param {number} reach how far around a pixel is looked at to paint it
 * @returns {Picture}
 */
export function inpaint(picture, mask, reach) {
  const [width, height] = [picture.width + 2, picture.height + 2];
  const times = new Float32Array(width * height).fill(NEVER);
  /** @type {Field} */
  const field = { width, height, state: framed(mask, picture), times };
  const edge = edgeOf(field);
  for (const at of edge) times[at] = 0;
  measureOutside(field, edge, reach);
  const result = { ...picture, data: Uint8Array.from(picture.data) };
  march(field, edge, (at) => paint(result, field, at, reach));
  return result;
}

function framed(mask, { width, height }) {
  const state = new Uint8Array((width + 2) * (height + 2));
  for (let y = 0; y < height; y++) {
    const row = mask.subarray(y * width, (y + 1) * width);
    const to = (y + 1) * (width + 2) + 1;
    for (let x = 0; x < width; x++) if (row[x]) state[to + x] = UNKNOWN;
  }
  return state;
}

/**
 * Which known pixels are beside unknown ones, row by row, without the frame.
 *
 * @param {Field} field
 */
function edgeOf({ width, height, state }) {
  const edge = [];
  for (let y = 1; y < height - 1; y++) {
    for (let at = y * width + 1; at < (y + 1) * width - 1; at++) {
      const beside = state[at - 1] | state[at + 1] | state[at - width] | state[at + width];
      if (state[at] === KNOWN && beside) edge.push(at);
    }
  }
  return edge;
}

// Measures how far from the edge the pixels outside are, as far as they are looked at.
function measureOutside(field, edge, reach) {
  const { width, height, state, times } = field;
  const outside = new Uint8Array(state.length);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      if (state[y * width + x] === UNKNOWN) spread(outside, field, x, y, reach);
    }
  }
  for (let at = 0; at < state.length; at++) if (state[at] === UNKNOWN) outside[at] = KNOWN;
  for (const at of edge) outside[at] = KNOWN;
  const reached = [...edge];
  march({ ...field, state: outside }, edge, (at) => void reached.push(at));
  for (const at of reached) times[at] = -times[at];
}

// Marks a square around a pixel, without the frame.
function spread(outside, { width, height }, x, y, reach) {
  const [left, right] = [Math.max(x - reach, 1), Math.min(x + reach, width - 2)];
  for (let row = Math.max(y - reach, 1); row <= Math.min(y + reach, height - 2); row++) {
    outside.fill(UNKNOWN, row * width + left, row * width + right + 1);
  }
}

/**
 * Lets the edge march over what is unknown: tells of each pixel when it arrives there, and then knows it.
 *
 * @param {Field} field
 * @param {number[]} edge
 * @param {(at: number) => void} arrive
 */
function march({ width, state, times }, edge, arrive) {
  const queue = new Queue(state.length);
  for (const at of edge) queue.push(at, 0);
  const solve = (a, b) => arrival(state[a], times[a], state[b], times[b]);
  while (queue.count) {
    const from = queue.pop();
    for (const at of [from - width, from - 1, from + width, from + 1]) {
      if (state[at] !== UNKNOWN) continue;
      const [above, left, below, right] = [at - width, at - 1, at + width, at + 1];
      times[at] = Math.min(solve(above, left), solve(below, left), solve(above, right), solve(below, right));
      arrive(at);
      state[at] = KNOWN;
      queue.push(at, times[at]);
    }
  }
}

// When the edge arrives, by two neighbours that are not opposite.
function arrival(stateA, a, stateB, b) {
  if (stateA === KNOWN && stateB === KNOWN) {
    const apart = a - b;
    return Math.abs(apart) >= 1 ? 1 + Math.min(a, b) : (a + b + Math.sqrt(2 - apart * apart)) / 2;
  }
  if (stateA === KNOWN) return 1 + a;
  return 1 + (stateB === KNOWN ? b : Math.min(a, b));
}

// Paints one pixel.
function paint({ data, width, height }, field, at, reach) {
  const { state, times } = field;
  const [slopeX, slopeY] = [slope(field, at, 1), slope(field, at, field.width)];
  const [x, y] = [(at % field.width) - 1, Math.floor(at / field.width) - 1];
  const [means, jumpsX, jumpsY] = [new Float64Array(3), new Float64Array(3), new Float64Array(3)];
  let weights = 1e-20;
  for (let row = Math.max(y - reach, 0); row <= Math.min(y + reach, height - 1); row++) {
    for (let column = Math.max(x - reach, 0); column <= Math.min(x + reach, width - 1); column++) {
      const other = (row + 1) * field.width + column + 1;
      const [dx, dy] = [x - column, y - row];
      const squared = dx * dx + dy * dy;
      if (state[other] === UNKNOWN || squared > reach * reach) continue;
      const across = dx * slopeX + dy * slopeY;
      const out = Math.abs(across) <= ALONG ? LITTLE : Math.abs(across);
      const weight = out / (squared * Math.sqrt(squared) * (1 + Math.abs(times[other] - times[at])));
      weights += weight;
      const beside = neighbours(field, other, { column, row, width, height });
      for (let colour = 0; colour < 3; colour++) {
        means[colour] += weight * data[beside.here + colour];
        jumpsX[colour] -= weight * dx * jump(data, beside.across, colour);
        jumpsY[colour] -= weight * dy * jump(data, beside.down, colour);
      }
    }
  }
  for (let colour = 0; colour < 3; colour++) {
    const [jx, jy] = [jumpsX[colour], jumpsY[colour]];
    const value = means[colour] / weights + (jx + jy) / (Math.sqrt(jx * jx + jy * jy) + 1e-20) + 0.5;
    data[4 * (y * width + x) + colour] = Math.min(Math.max(round(value), 0), 255);
  }
}

// How the time of arrival grows from pixel to pixel, in a direction.
function slope({ state, times }, at, step) {
  const [before, after] = [state[at - step] === KNOWN, state[at + step] === KNOWN];
  if (before && after) return (times[at + step] - times[at - step]) / 2;
  if (after) return times[at + step] - times[at];
  return before ? times[at] - times[at - step] : 0;
}

// Where the values around a pixel are from which its gradient is taken; those at the picture's edge are
// taken one pixel further inside, as OpenCV does.
function neighbours({ state, width: step }, other, { column, row, width, height }) {
  const [left, top] = [Math.max(column, 1), Math.max(row, 1)];
  const [right, bottom] = [Math.min(column, width - 2), Math.min(row, height - 2)];
  const place = (x, y) => 4 * (y * width + x);
  const known = (at) => state[at] === KNOWN;
  const between = (before, after, places) => {
    if (before && after) return { high: places[3], low: places[0], factor: 2 };
    if (after) return { high: places[3], low: places[1], factor: 1 };
    return before ? { high: places[2], low: places[0], factor: 1 } : { high: 0, low: 0, factor: 0 };
  };
  const across = [place(left - 1, top), place(left, top), place(right, top), place(right + 1, top)];
  const down = [place(left, top - 1), place(left, top), place(left, bottom), place(left, bottom + 1)];
  return {
    here: place(left, top),
    across: between(known(other - 1), known(other + 1), across),
    down: between(known(other - step), known(other + step), down),
  };
}

function jump(data, { high, low, factor }, colour) {
  return factor * (data[high + colour] - data[low + colour]);
}

// Pixels by their times; of equal times, the first that came is the first to go.
class Queue {
  count = 0;
  #pixels;
  #times;
  #turns;
  #turn = 0;

  /** @param {number} most */
  constructor(most) {
    this.#pixels = new Int32Array(most);
    this.#times = new Float32Array(most);
    this.#turns = new Int32Array(most);
  }

  /**
   * @param {number} pixel
   * @param {number} time
   */
  push(pixel, time) {
    let at = this.count++;
    this.#put(at, pixel, time, this.#turn++);
    for (let above = (at - 1) >> 1; at > 0 && this.#isBefore(at, above); above = (at - 1) >> 1) {
      this.#swap(at, above);
      at = above;
    }
  }

  pop() {
    const first = this.#pixels[0];
    this.#swap(0, --this.count);
    for (let at = 0, next = this.#earlier(0); next < this.count && this.#isBefore(next, at); ) {
      this.#swap(at, next);
      at = next;
      next = this.#earlier(at);
    }
    return first;
  }

  // The earlier of the two below a place.
  #earlier(at) {
    const [left, right] = [2 * at + 1, 2 * at + 2];
    return right < this.count && this.#isBefore(right, left) ? right : left;
  }

  #isBefore(a, b) {
    const [first, second] = [this.#times[a], this.#times[b]];
    return first < second || (first === second && this.#turns[a] < this.#turns[b]);
  }

  #put(at, pixel, time, turn) {
    this.#pixels[at] = pixel;
    this.#times[at] = time;
    this.#turns[at] = turn;
  }

  #swap(a, b) {
    const [pixel, time, turn] = [this.#pixels[a], this.#times[a], this.#turns[a]];
    this.#put(a, this.#pixels[b], this.#times[b], this.#turns[b]);
    this.#put(b, pixel, time, turn);
  }
}
