// @ts-check
// The twin of mien/vision/parts.py: where brows, eyes and mouth of a face are in the picture.

import { centerOf, sideOf } from "./boxes.js";

/**
 * @typedef {import("../types.js").Face} Face
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../../generated/messages.js").PartFacts["part"]} PartName
 */

// Where the parts begin and end: along the line of the eyes, and across it, from the middle between
// the eyes (brows, eyes) or between the corners of the mouth; in distances between the eyes.
/** @type {Record<PartName, [number, number, number, number]>} */
const EXTENTS = {
  brows: [-0.95, -0.62, 0.95, -0.16],
  eyes: [-0.95, -0.16, 0.95, 0.28],
  mouth: [-0.7, -0.35, 0.7, 0.45],
};
export const PARTS = /** @type {PartName[]} */ (Object.keys(EXTENTS));
// Where a detector gives no landmarks: those of an average face, in sides of its box.
const AVERAGE = [
  [0.31, 0.39],
  [0.69, 0.39],
  [0.5, 0.58],
  [0.34, 0.76],
  [0.66, 0.76],
];
// The eyes of a face in profile are close together, or in one place: no part then has a size.
const LEAST = 0.25;

const { fround } = Math;

/**
 * A face's landmarks; without any, where an average face has them.
 *
 * @param {Face} face
 * @returns {Point[]}
 */
export function landmarksOf({ box, landmarks }) {
  if (landmarks !== null) return landmarks;
  const [x, y] = centerOf(box);
  const [width, height] = [box[2] - box[0], box[3] - box[1]];
  return AVERAGE.map(([across, down]) => [
    fround(x + (across - 0.5) * width),
    fround(y + (down - 0.5) * height),
  ]);
}

/**
 * Where each part is: the corners in the order of a line around it.
 *
 * @param {Face} face
 * @returns {Record<PartName, Point[]>}
 */
export function partRegions(face) {
  const points = landmarksOf(face);
  const eyes = between(points[0], points[1]);
  const mouth = between(points[3], points[4]);
  const along = axis(face, points);
  const corners = (part) => cornersOf(part === "mouth" ? mouth : eyes, along, EXTENTS[part]);
  return { brows: corners("brows"), eyes: corners("eyes"), mouth: corners("mouth") };
}

/**
 * One distance between the eyes along their line.
 *
 * @returns {Point}
 */
function axis({ box }, points) {
  const [x, y] = [0, 1].map((i) => fround(points[1][i] - points[0][i]));
  const least = LEAST * sideOf(box);
  const length = fround(Math.hypot(x, y));
  if (length === 0) return [fround(least), 0];
  const longer = length < least ? fround(least / length) : 1;
  return [fround(x * longer), fround(y * longer)];
}

// The corners of a rectangle around a place, along an axis and across it.
function cornersOf(middle, [x, y], [left, top, right, bottom]) {
  const places = [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
  return places.map(([along, across]) => {
    const [far, deep] = [fround(along), fround(across)];
    return /** @type {Point} */ ([
      fround(fround(middle[0] + fround(far * x)) + fround(deep * -y)),
      fround(fround(middle[1] + fround(far * y)) + fround(deep * x)),
    ]);
  });
}

function between(a, b) {
  return [0, 1].map((i) => fround(fround(a[i] + b[i]) / 2));
}
