// @ts-check
// The twin of mien/tracking/appearance.py: appearance descriptors of faces, enough to tell two people
// of one scene apart, and no more.

import { centerOf, sideOf } from "../vision/boxes.js";
import { squareAround } from "../vision/crop.js";
import { round } from "../vision/numbers.js";
import { colourRows } from "../vision/pixels.js";
import { resize, resizeArea } from "../vision/resize.js";

/**
 * @typedef {import("../types.js").Picture} Picture
 * @typedef {import("../types.js").Face} Face
 */

// The head with its hair, and a little of what is below it.
const SCOPE = 1.5;
const GRID = 12;
const CHROMA = 4; // cells of colour along each side
// A mean difference of colour that halves the similarity, in steps of 256.
const FADE = 12;
const LIGHT = GRID * GRID;
export const WIDTH = LIGHT + 2 * CHROMA * CHROMA;

/**
 * The appearance descriptors of faces: 12x12 cells of light without their mean, of length one; then
 * 4x4 cells of two differences of colour.
 *
 * @param {Picture} picture
 * @param {Face[]} faces
 * @returns {Float32Array[]}
 */
export function describe(picture, faces) {
  return faces.map((face) => {
    const side = Math.max(GRID, round(SCOPE * sideOf(face.box)));
    const square = colourRows(picture, squareAround(centerOf(face.box), side));
    // Twice: quick and linear first, then exact.
    const data = resize(square, 4 * GRID, 4 * GRID, "linear");
    const cells = resizeArea({ data, width: 4 * GRID, height: 4 * GRID }, GRID, GRID).data;
    const row = new Float32Array(WIDTH);
    putLight(row, cells);
    putColour(row, cells);
    return row;
  });
}

function putLight(row, cells) {
  let mean = 0;
  for (let i = 0; i < LIGHT; i++) {
    row[i] = (cells[4 * i] + cells[4 * i + 1] + cells[4 * i + 2]) / 3;
    mean += row[i] / LIGHT;
  }
  let squares = 0;
  for (let i = 0; i < LIGHT; i++) {
    row[i] -= mean;
    squares += row[i] * row[i];
  }
  const length = Math.sqrt(squares) + 1e-6;
  for (let i = 0; i < LIGHT; i++) row[i] /= length;
}

// Red without green, and blue without green.
function putColour(row, cells) {
  const width = GRID / CHROMA;
  for (let i = 0; i < LIGHT; i++) {
    const column = Math.floor((i % GRID) / width);
    const at = LIGHT + 2 * (CHROMA * Math.floor(i / GRID / width) + column);
    row[at] += cells[4 * i] - cells[4 * i + 1];
    row[at + 1] += cells[4 * i + 2] - cells[4 * i + 1];
  }
  for (let at = LIGHT; at < WIDTH; at++) row[at] /= width * width;
}

/**
 * How alike two descriptors are, at most 1: the correlation of light, faded by the difference of
 * colour.
 *
 * @param {Float32Array} first
 * @param {Float32Array} second
 */
export function similarity(first, second) {
  let correlation = 0;
  let difference = 0;
  for (let i = 0; i < LIGHT; i++) correlation += first[i] * second[i];
  for (let i = LIGHT; i < WIDTH; i++) difference += Math.abs(first[i] - second[i]);
  return Math.fround(correlation * 2 ** (-difference / (WIDTH - LIGHT) / FADE));
}
