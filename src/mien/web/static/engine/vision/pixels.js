// @ts-check
// Pictures row by row: cut out, gray or in colours, their edges repeated.

/**
 * @typedef {import("../types.js").Picture} Picture
 * @typedef {import("../types.js").Plane} Plane
 *
 * A part of a picture, which may reach beyond its edges.
 *
 * @typedef {{ left: number, top: number, width: number, height: number }} Part
 *
 * What can be read a row at a time, so that nothing is copied that is not looked at.
 *
 * @typedef {object} Rows
 * @property {number} width
 * @property {number} height
 * @property {number} channels bytes a pixel
 * @property {(y: number, line: Uint8Array) => void} read puts a row into `line`
 */

// Red, green and blue in gray, in shares of 2^15.
const RED = 9798;
const GREEN = 19235;
const BLUE = 3735;
const SHIFT = 15;
const HALF = 1 << (SHIFT - 1);

/**
 * @param {Picture | Plane} picture
 * @returns {Part}
 */
export function wholeOf({ width, height }) {
  return { left: 0, top: 0, width, height };
}

/**
 * A picture in gray.
 *
 * @param {Picture} picture
 * @returns {Plane}
 */
export function toGray({ data, width, height }) {
  const words = wordsOf(data);
  const count = width * height;
  // Room for whole words, four pixels in each: a store less for three of them.
  const gray = new Uint8Array((count + 3) & ~3);
  const four = new Int32Array(gray.buffer, 0, count >> 2);
  for (let i = 0, at = 0; i < four.length; i++, at += 4) {
    const low = grayOf(words[at]) | (grayOf(words[at + 1]) << 8);
    four[i] = low | (grayOf(words[at + 2]) << 16) | (grayOf(words[at + 3]) << 24);
  }
  for (let i = count & ~3; i < count; i++) gray[i] = grayOf(words[i]);
  return { data: gray.subarray(0, count), width, height };
}

/**
 * The rows of a part of a picture in gray; beyond its edges, these repeat.
 *
 * @param {Picture} picture
 * @param {Part} part
 * @returns {Rows}
 */
export function grayRows(picture, part) {
  const { width, height } = picture;
  const words = wordsOf(picture.data);
  const { from, to, before } = span(part.left, part.width, width);
  const after = before + to - from + 1;
  const read = (y, line) => {
    let at = clamp(part.top + y, height) * width + from;
    for (let i = before; i < after; i++) line[i] = grayOf(words[at++]);
    line.fill(line[before], 0, before);
    line.fill(line[after - 1], after, part.width);
  };
  return { width: part.width, height: part.height, channels: 1, read };
}

/**
 * The rows of a part of a picture as they are, four bytes a pixel; beyond its edges, these repeat.
 *
 * @param {Picture} picture
 * @param {Part} part
 * @returns {Rows}
 */
export function colourRows(picture, part) {
  const { data, width, height } = picture;
  const { from, to, before } = span(part.left, part.width, width);
  const [start, end] = [4 * before, 4 * (before + to - from + 1)];
  const read = (y, line) => {
    const row = clamp(part.top + y, height) * width;
    line.set(data.subarray(4 * (row + from), 4 * (row + to + 1)), start);
    for (let i = 0; i < start; i++) line[i] = line[start + (i & 3)];
    for (let i = end; i < 4 * part.width; i++) line[i] = line[end - 4 + (i & 3)];
  };
  return { width: part.width, height: part.height, channels: 4, read };
}

/**
 * The rows of a gray picture.
 *
 * @param {Plane} plane
 * @returns {Rows}
 */
export function planeRows({ data, width, height }) {
  const read = (y, line) => line.set(data.subarray(y * width, (y + 1) * width));
  return { width, height, channels: 1, read };
}

/**
 * All rows one after the other.
 *
 * @param {Rows} rows
 */
export function readAll({ width, height, channels, read }) {
  const step = width * channels;
  const result = new Uint8Array(height * step);
  for (let y = 0; y < height; y++) read(y, result.subarray(y * step, (y + 1) * step));
  return result;
}

/**
 * Cuts out a square, which may reach beyond the picture's edges.
 *
 * @param {Picture} picture
 * @param {number} left its first column
 * @param {number} top its first row
 * @param {number} side
 * @param {"edge" | "black"} border what is beyond the edges
 * @returns {Picture}
 */
export function cutSquare(picture, left, top, side, border = "edge") {
  const part = { left, top, width: side, height: side };
  const data = readAll(colourRows(picture, part));
  if (border === "black") blacken(data, part, picture);
  return { data, width: side, height: side };
}

/**
 * Puts a picture into a larger one.
 *
 * @param {Picture} target
 * @param {number} left where its first column goes
 * @param {number} top where its first row goes
 * @param {Picture} picture
 */
export function paste(target, left, top, { data, width, height }) {
  for (let y = 0; y < height; y++) {
    const row = data.subarray(4 * y * width, 4 * (y + 1) * width);
    target.data.set(row, 4 * ((top + y) * target.width + left));
  }
}

// Makes black what of a part is beyond the edges. A part wholly outside keeps the nearest pixels at its
// edge, as Python's does.
function blacken(data, part, { width, height }) {
  const across = span(part.left, part.width, width);
  const down = span(part.top, part.height, height);
  const first = 4 * across.before;
  const after = first + 4 * (across.to - across.from + 1);
  for (let y = 0; y < part.height; y++) {
    const row = data.subarray(4 * y * part.width, 4 * (y + 1) * part.width);
    if (y < down.before || y > down.before + down.to - down.from) row.fill(0);
    row.fill(0, 0, first);
    row.fill(0, after);
  }
}

// Which columns (or rows) of a picture a part shows, and how many are before them. A part that is
// wholly outside shows the nearest one.
function span(start, length, size) {
  const from = clamp(start, size);
  const to = clamp(start + length - 1, size);
  return { from, to, before: Math.min(Math.max(-start, 0), length - 1) };
}

function clamp(value, size) {
  return Math.min(Math.max(value, 0), size - 1);
}

/**
 * The pixels of a picture as numbers; on all machines that browsers run on, red is in the lowest bits.
 *
 * @param {Uint8ClampedArray | Uint8Array} data
 */
export function wordsOf(data) {
  const { buffer, byteOffset, length } = data.byteOffset % 4 === 0 ? data : data.slice();
  return new Int32Array(buffer, byteOffset, length >> 2);
}

/** @param {number} pixel */
export function grayOf(pixel) {
  const red = Math.imul(pixel & 255, RED);
  const green = Math.imul((pixel >> 8) & 255, GREEN);
  const blue = Math.imul((pixel >> 16) & 255, BLUE);
  return (red + green + blue + HALF) >> SHIFT;
}
