// @ts-check
// What else OpenCV does to pixels: turning, blurring, and how sharp they are.

import { HALVES } from "./numbers.js";

/**
 * @typedef {import("./types.js").Picture} Picture
 * @typedef {import("./pixels.js").Part} Part
 */

// A Gaussian of sigma 1 over seven pixels, in shares of 2^8 (OpenCV's own rounding of it).
const BLUR = [1, 14, 62, 102, 62, 14, 1];
const REACH = 3;

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
  const [a, b, c, d, e, f] = inverse(matrix).map(fround);
  const result = new Uint8Array(4 * width * height);
  const [right, bottom] = [part.width - 1, part.height - 1];
  const start = part.top * stride + part.left;
  for (let y = 0, to = 0; y < height; y++) {
    const [acrossStart, downStart] = [fround(y * b + c), fround(y * e + f)];
    for (let x = 0; x < width; x++, to += 4) {
      const [across, down] = [fround(a * x + acrossStart), fround(d * x + downStart)];
      const [column, row] = [Math.floor(across), Math.floor(down)];
      const [alpha, beta] = [fround(across - column), fround(down - row)];
      const left = Math.min(Math.max(column, 0), right);
      const next = Math.min(Math.max(column + 1, 0), right);
      const above = start + Math.min(Math.max(row, 0), bottom) * stride;
      const below = start + Math.min(Math.max(row + 1, 0), bottom) * stride;
      let [p, q, r, s] = [4 * (above + left), 4 * (above + next), 4 * (below + left), 4 * (below + next)];
      for (let i = 0; i < 3; i++, p++, q++, r++, s++) {
        const upper = fround(data[p] + alpha * (data[q] - data[p]));
        const lower = fround(data[r] + alpha * (data[s] - data[r]));
        result[to + i] = fround(upper + beta * fround(lower - upper)) + HALVES - HALVES;
      }
      result[to + 3] = 255;
    }
  }
  return { data: result, width, height };
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
  let [light, sum, squares] = [0, 0, 0];
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
