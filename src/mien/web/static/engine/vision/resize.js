// @ts-check
// Pictures at other sizes, to the last bit as OpenCV's `resize` gives them for bytes.

import { HALVES } from "./numbers.js";
import { colourRows, wholeOf } from "./pixels.js";

/**
 * @typedef {import("../types.js").Picture} Picture
 * @typedef {import("./pixels.js").Rows} Rows
 */

// OpenCV's linear weights are in shares of 2^11.
const ONE = 2048;
const BITS = 12;
const MASK = (1 << BITS) - 1;
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
  const { length } = sums;
  for (let x = 0, at = 0; x < length; x++) {
    let sum = 0;
    for (const end = at + across; at < end; at++) sum += line[at];
    sums[x] += sum;
  }
}

// Two colours are added at once, sixteen bits apart, in which so many pixels have room.
const FIT = 256;

function addColours(sums, line, across) {
  const words = new Int32Array(line.buffer);
  const { length } = sums;
  for (let x = 0, at = 0; x < length; x += 4) {
    const end = at + across;
    while (at < end) {
      const stop = Math.min(at + FIT, end);
      let redAndBlue = 0;
      let green = 0;
      for (; at < stop; at++) {
        const pixel = words[at];
        redAndBlue += pixel & 0xff00ff;
        green += (pixel >> 8) & 255;
      }
      sums[x] += redAndBlue & 0xffff;
      sums[x + 1] += green;
      sums[x + 2] += redAndBlue >>> 16;
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
    let red = fround(0);
    let green = fround(0);
    let blue = fround(0);
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
  const lines = places(rows.height, height);
  const mixed = mixedRows(rows, width);
  const result = new Uint8Array(height * width * rows.channels);
  for (let y = 0, start = 0; y < height; y++) {
    const above = mixed(lines.from[y], lines.to[y]);
    const below = mixed(lines.to[y], lines.from[y]);
    mixRows(result, start, above, below, lines.near[y], lines.far[y]);
    start += above.length;
  }
  return result;
}

// Gives rows in their new width; each is made once, as long as they are asked for from top to bottom.
function mixedRows({ width: before, channels, read }, width) {
  const columns = packed(places(before, width));
  // The place after the last pixel is looked at, too, with no weight.
  const line = new Uint8Array((before + 1) * channels);
  const mix = channels === 1 ? mixGray : mixColours;
  const kept = [-1, -1].map((at) => ({ at, row: new Int16Array(width * channels) }));
  return (at, other) => {
    let slot = kept.find((one) => one.at === at);
    if (!slot) {
      slot = kept[0].at === other ? kept[1] : kept[0];
      slot.at = at;
      read(at, line);
      mix(slot.row, line, columns);
    }
    return slot.row;
  };
}

// Rounded down on the way, as in mixGray and mixColours: so does OpenCV.
function mixRows(result, start, above, below, near, far) {
  const { length } = above;
  for (let i = 0; i < length; i++) {
    const sum = (Math.imul(above[i], near) >> 16) + (Math.imul(below[i], far) >> 16);
    result[start + i] = (sum + 2) >> 2;
  }
}

function mixGray(row, line, columns) {
  const { length } = row;
  for (let x = 0; x < length; x++) {
    const column = columns[x];
    const at = column >> BITS;
    const value = line[at];
    row[x] = (value * ONE + Math.imul(line[at + 1] - value, column & MASK)) >> 4;
  }
}

function mixColours(row, line, columns) {
  const { length } = columns;
  for (let x = 0; x < length; x++) {
    const column = columns[x];
    const far = column & MASK;
    const to = 4 * x;
    const at = 4 * (column >> BITS);
    const red = line[at];
    const green = line[at + 1];
    const blue = line[at + 2];
    row[to] = (red * ONE + Math.imul(line[at + 4] - red, far)) >> 4;
    row[to + 1] = (green * ONE + Math.imul(line[at + 5] - green, far)) >> 4;
    row[to + 2] = (blue * ONE + Math.imul(line[at + 6] - blue, far)) >> 4;
    row[to + 3] = (255 * ONE) >> 4;
  }
}

// Where each new pixel is after, and the weight of the one behind it, in one number: each array that a loop
// looks at costs as much as the sum itself.
function packed({ from, to, far }) {
  return from.map((at, i) => (at << BITS) | (to[i] > at ? far[i] : 0));
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
