// @ts-check
// What else OpenCV does to pixels: turning, blurring, and how sharp they are.

import { HALVES } from "./numbers.js";
import { wordsOf } from "./pixels.js";

/**
 * @typedef {import("../types.js").Picture} Picture
 * @typedef {import("./pixels.js").Part} Part
 */

// A Gaussian of sigma 1 over seven pixels, in shares of 2^8 (OpenCV's own rounding of it).
const BLUR = [1, 14, 62, 102, 62, 14, 1];
const REACH = 3;
const OPAQUE = 255 << 24;

/**
 * Turns, scales and moves a part of a picture, linearly between pixels and in single precision;
 * beyond the edges of the part, these repeat.
 *
 * @param {Picture} picture
 * @param {Part} part inside of the picture
 * @param {number[]} matrix six numbers, in rows: where a pixel of the part goes
 * @param {number} width of what comes out
 * @param {number} height
 * @returns {Picture}
 */
export function warpAffine({ data, width: stride }, part, matrix, width, height) {
  const { fround } = Math;
  const words = wordsOf(data);
  const [a, b, c, d, e, f] = inverse(matrix).map(fround);
  const result = new Int32Array(width * height);
  const right = part.width - 1;
  const bottom = part.height - 1;
  const start = part.top * stride + part.left;
  for (let y = 0, to = 0; y < height; y++) {
    const acrossStart = fround(fround(y * b) + c);
    const downStart = fround(fround(y * e) + f);
    for (let x = 0; x < width; x++) {
      const across = fround(a * x + acrossStart);
      const down = fround(d * x + downStart);
      const column = Math.floor(across);
      const row = Math.floor(down);
      const left = Math.min(Math.max(column, 0), right);
      const next = Math.min(Math.max(column + 1, 0), right);
      const above = start + Math.min(Math.max(row, 0), bottom) * stride;
      const below = start + Math.min(Math.max(row + 1, 0), bottom) * stride;
      const p = words[above + left];
      const q = words[above + next];
      const r = words[below + left];
      const s = words[below + next];
      const alpha = fround(across - column);
      const beta = fround(down - row);
      const red = mix(p & 255, q & 255, r & 255, s & 255, alpha, beta);
      const green = mix((p >> 8) & 255, (q >> 8) & 255, (r >> 8) & 255, (s >> 8) & 255, alpha, beta);
      const blue = mix((p >> 16) & 255, (q >> 16) & 255, (r >> 16) & 255, (s >> 16) & 255, alpha, beta);
      result[to++] = red | (green << 8) | (blue << 16) | OPAQUE;
    }
  }
  return { data: new Uint8Array(result.buffer), width, height };
}

// Between four values, in single precision.
function mix(p, q, r, s, alpha, beta) {
  const upper = Math.fround(p + alpha * (q - p));
  const lower = Math.fround(r + alpha * (s - r));
  return (Math.fround(upper + beta * Math.fround(lower - upper)) + HALVES - HALVES) | 0;
}

// The way back of a turn, in OpenCV's order of operations.
/** @param {number[]} matrix */
function inverse([a, b, c, d, e, f]) {
  const determinant = a * e - b * d;
  const scale = determinant === 0 ? 0 : 1 / determinant;
  const [p, q, r, s] = [e * scale, b * -scale, d * -scale, a * scale];
  return [p, q, -p * c - q * f, r, s, -r * c - s * f];
}

/**
 * A square of gray, blurred by a Gaussian of sigma 1; beyond its edges it is mirrored.
 *
 * @param {Uint8Array} gray
 * @param {number} side
 */
export function gaussianBlur(gray, side) {
  const rows = new Int32Array(side * side);
  const places = mirrored(side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      let sum = 0;
      for (let i = 0; i < BLUR.length; i++) sum += BLUR[i] * gray[y * side + places[x + i]];
      rows[y * side + x] = sum;
    }
  }
  const result = new Uint8Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      let sum = 1 << 15;
      for (let i = 0; i < BLUR.length; i++) sum += BLUR[i] * rows[places[y + i] * side + x];
      result[y * side + x] = sum >> 16;
    }
  }
  return result;
}

// Which pixel is at each place from three before the first to three after the last.
function mirrored(side) {
  return Int32Array.from({ length: side + 2 * REACH }, (_, i) => {
    const at = Math.abs(i - REACH);
    return at < side ? at : 2 * (side - 1) - at;
  });
}

/**
 * The mean of a square of gray, and the variance of its Laplacian: how sharp it is.
 *
 * @param {Uint8Array} gray
 * @param {number} side at least 2
 */
export function brightnessAndSharpness(gray, side) {
  let light = 0;
  let sum = 0;
  let squares = 0;
  for (let y = 0; y < side; y++) {
    const row = y * side;
    const above = (y > 0 ? y - 1 : 1) * side;
    const below = (y < side - 1 ? y + 1 : side - 2) * side;
    for (let x = 0; x < side; x++) {
      const here = gray[row + x];
      const left = gray[row + (x > 0 ? x - 1 : 1)];
      const right = gray[row + (x < side - 1 ? x + 1 : side - 2)];
      const edge = left + right + gray[above + x] + gray[below + x] - 4 * here;
      light += here;
      sum += edge;
      squares += edge * edge;
    }
  }
  const count = side * side;
  return { brightness: light / count, sharpness: squares / count - (sum / count) ** 2 };
}
