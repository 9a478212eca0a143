// @ts-check
// Pictures at other sizes, to the last bit as OpenCV's `resize` gives them for bytes.

import { HALVES } from "./numbers.js";
import { colourRows, wholeOf } from "./pixels.js";

/**
 * @typedef {import("./types.js").Picture} Picture
 * @typedef {import("./pixels.js").Rows} Rows
 */

// OpenCV's linear weights are in shares of 2^11.
const ONE = 2048;
// A share of a pixel below this is left out.
const LEAST = 1e-3;

/**
 * Shrinks or enlarges: linearly between pixels, or by the mean of the area that a pixel covers, which
 * is only for shrinking.
 *
 * @param {Rows} rows
 * @param {number} width
 * @param {number} height
 * @param {"linear" | "area"} method
 * @returns {Uint8Array} as many bytes a pixel as the rows have
 */
export function resize(rows, width, height, method) {
  const across = 1 / (width / rows.width);
  const down = 1 / (height / rows.height);
  const whole = Number.isInteger(across) && Number.isInteger(down);
  if (whole && (method === "area" || (across === 2 && down === 2))) return blocks(rows, width, height);
  return method === "area" ? areas(rows, width, height) : linear(rows, width, height);
}

/**
 * Shrinks or enlarges a whole picture linearly.
 *
 * @param {Picture} picture
 * @param {number} width
 * @param {number} height
 * @returns {Picture}
 */
export function resizeLinear(picture, width, height) {
  return { data: resize(colourRows(picture, wholeOf(picture)), width, height, "linear"), width, height };
}

/**
 * Shrinks a whole picture by areas.
 *
 * @param {Picture} picture
 * @param {number} width
 * @param {number} height
 * @returns {Picture}
 */
export function resizeArea(picture, width, height) {
  return { data: resize(colourRows(picture, wholeOf(picture)), width, height, "area"), width, height };
}

// Each pixel is the mean of a block of whole pixels.
function blocks(rows, width, height) {
  const { channels, read } = rows;
  const [across, down] = [rows.width / width, rows.height / height];
  const line = new Uint8Array(rows.width * channels);
  const length = width * channels;
  const sums = new Int32Array(length);
  const result = new Uint8Array(height * length);
  const share = Math.fround(1 / (across * down));
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let row = 0; row < down; row++) {
      read(y * down + row, line);
      if (channels === 1) addGray(sums, line, across);
      else addColours(sums, line, across);
    }
    const start = y * length;
    // Of four pixels halves are rounded up, of others to the even number.
    if (across === 2 && down === 2) for (let i = 0; i < length; i++) result[start + i] = (sums[i] + 2) >> 2;
    else for (let i = 0; i < length; i++) result[start + i] = Math.fround(sums[i] * share) + HALVES - HALVES;
  }
  return result;
}

function addGray(sums, line, across) {
  for (let x = 0, at = 0; x < sums.length; x++) {
    let sum = 0;
    for (let i = 0; i < across; i++) sum += line[at++];
    sums[x] += sum;
  }
}

function addColours(sums, line, across) {
  for (let x = 0, at = 0; x < sums.length; x += 4) {
    for (let i = 0; i < across; i++, at += 4) {
      sums[x] += line[at];
      sums[x + 1] += line[at + 1];
      sums[x + 2] += line[at + 2];
      sums[x + 3] += line[at + 3];
    }
  }
}

// Each pixel is the mean of an area that ends between pixels, in single precision.
function areas(rows, width, height) {
  const { channels, read } = rows;
  const columns = cells(rows.width, width);
  const lines = cells(rows.height, height);
  const line = new Uint8Array(rows.width * channels);
  const length = width * channels;
  const row = new Float32Array(length);
  const sums = new Float32Array(length);
  const result = new Uint8Array(height * length);
  let shown = -1;
  for (let y = 0, entry = 0; y < height; y++) {
    sums.fill(0);
    for (let end = entry + lines.counts[y], at = lines.first[y]; entry < end; entry++, at++) {
      if (at !== shown) {
        read(at, line);
        if (channels === 1) weighGray(row, line, columns);
        else weighColours(row, line, columns);
        shown = at;
      }
      const weight = lines.weights[entry];
      for (let i = 0; i < length; i++) sums[i] += Math.fround(row[i] * weight);
    }
    for (let i = 0, to = y * length; i < length; i++) result[to + i] = sums[i] + HALVES - HALVES;
  }
  return result;
}

function weighGray(row, line, { first, counts, weights }) {
  const { fround } = Math;
  for (let x = 0, entry = 0; x < row.length; x++) {
    let sum = fround(0);
    for (let at = first[x], end = at + counts[x]; at < end; at++) {
      sum = fround(sum + fround(line[at] * weights[entry++]));
    }
    row[x] = sum;
  }
}

function weighColours(row, line, { first, counts, weights }) {
  const { fround } = Math;
  for (let x = 0, entry = 0; x < first.length; x++) {
    let [red, green, blue] = [fround(0), fround(0), fround(0)];
    for (let at = 4 * first[x], end = at + 4 * counts[x]; at < end; at += 4) {
      const weight = weights[entry++];
      red = fround(red + fround(line[at] * weight));
      green = fround(green + fround(line[at + 1] * weight));
      blue = fround(blue + fround(line[at + 2] * weight));
    }
    row[4 * x] = red;
    row[4 * x + 1] = green;
    row[4 * x + 2] = blue;
    row[4 * x + 3] = 255;
  }
}

// Which pixels each new one covers, and the weight of each of these, one after the other.
function cells(size, wanted) {
  const scale = 1 / (wanted / size);
  const first = new Int32Array(wanted);
  const counts = new Int32Array(wanted);
  const weights = new Float32Array(size + 2 * wanted);
  let entry = 0;
  for (let i = 0; i < wanted; i++) {
    const [start, end] = [i * scale, i * scale + scale];
    const covered = Math.min(scale, size - start);
    const to = Math.min(Math.floor(end), size - 1);
    const from = Math.min(Math.ceil(start), to);
    const begun = entry;
    first[i] = from;
    if (from - start > LEAST) {
      first[i] = from - 1;
      weights[entry++] = (from - start) / covered;
    }
    for (let at = from; at < to; at++) weights[entry++] = 1 / covered;
    if (end - to > LEAST) weights[entry++] = Math.min(Math.min(end - to, 1), covered) / covered;
    counts[i] = entry - begun;
  }
  return { first, counts, weights };
}

// Between the four pixels around each place.
function linear(rows, width, height) {
  const { channels, read } = rows;
  const columns = places(rows.width, width);
  const lines = places(rows.height, height);
  const line = new Uint8Array(rows.width * channels);
  const length = width * channels;
  let [above, below] = [new Int32Array(length), new Int32Array(length)];
  let [shownAbove, shownBelow] = [-1, -1];
  const fill = (row, at) => {
    read(at, line);
    if (channels === 1) mixGray(row, line, columns);
    else mixColours(row, line, columns);
    return at;
  };
  const result = new Uint8Array(height * length);
  for (let y = 0; y < height; y++) {
    const [upper, lower] = [lines.from[y], lines.to[y]];
    if (shownBelow === upper || shownAbove === lower) {
      [above, below, shownAbove, shownBelow] = [below, above, shownBelow, shownAbove];
    }
    if (shownAbove !== upper) shownAbove = fill(above, upper);
    if (shownBelow !== lower) shownBelow = fill(below, lower);
    mixRows(result, y * length, above, below, lines.near[y], lines.far[y]);
  }
  return result;
}

// Rounded down twice on the way, as OpenCV does.
function mixRows(result, start, above, below, near, far) {
  for (let i = 0; i < above.length; i++) {
    const sum = (((above[i] >> 4) * near) >> 16) + (((below[i] >> 4) * far) >> 16);
    result[start + i] = (sum + 2) >> 2;
  }
}

function mixGray(row, line, { from, to, near, far }) {
  for (let x = 0; x < row.length; x++) row[x] = line[from[x]] * near[x] + line[to[x]] * far[x];
}

function mixColours(row, line, { from, to, near, far }) {
  for (let x = 0, at = 0; x < from.length; x++, at += 4) {
    const [a, b, first, second] = [4 * from[x], 4 * to[x], near[x], far[x]];
    row[at] = line[a] * first + line[b] * second;
    row[at + 1] = line[a + 1] * first + line[b + 1] * second;
    row[at + 2] = line[a + 2] * first + line[b + 2] * second;
    row[at + 3] = 255 * ONE;
  }
}

// The two pixels on both sides of each new one, and how much of each it takes. Pixels have their
// middles at halves; beyond the outer ones, these go on.
function places(size, wanted) {
  const scale = 1 / (wanted / size);
  const [from, to] = [new Int32Array(wanted), new Int32Array(wanted)];
  const [near, far] = [new Int32Array(wanted), new Int32Array(wanted)];
  for (let i = 0; i < wanted; i++) {
    const place = Math.fround((i + 0.5) * scale - 0.5);
    const before = Math.floor(place);
    const part = Math.fround(place - before);
    from[i] = Math.min(Math.max(before, 0), size - 1);
    to[i] = Math.min(Math.max(before + 1, 0), size - 1);
    near[i] = Math.fround(1 - part) * ONE + HALVES - HALVES;
    far[i] = part * ONE + HALVES - HALVES;
  }
  return { from, to, near, far };
}
