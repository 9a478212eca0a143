// @ts-check
// The twin of mien/vision/boxes.py: arithmetic on boxes, [x1, y1, x2, y2] in pixels.

/**
 * @typedef {import("../types.js").Box} Box
 * @typedef {import("../types.js").Face} Face
 */

// How far from the middle of a face, 1 being its outline, the middle of a box may be for the box to
// be a part of that face.
const PART = 0.9;

/**
 * Side of the square of the same area: detectors differ more in shape than in area.
 *
 * @param {Box} box
 */
export function sideOf([x1, y1, x2, y2]) {
  return Math.sqrt((x2 - x1) * (y2 - y1));
}

/**
 * @param {Box} box
 * @returns {[number, number]}
 */
export function centerOf([x1, y1, x2, y2]) {
  return [(x1 + x2) / 2, (y1 + y2) / 2];
}

/**
 * The face that a picture's label speaks of, large and sure; null without any.
 *
 * @template {Face} F
 * @param {F[]} faces
 * @returns {F | null}
 */
export function mainFace(faces) {
  const weight = ({ box, score }) => sideOf(box) * score;
  const none = /** @type {F | null} */ (null);
  return faces.reduce((best, face) => (best && weight(best) >= weight(face) ? best : face), none);
}

/**
 * Intersection over union, 0 to 1.
 *
 * @param {Box} a
 * @param {Box} b
 */
export function iou(a, b) {
  const overlap = intersection(a, 0, b, 0, exactly);
  const union = area(a, 0, exactly) + area(b, 0, exactly) - overlap;
  return union > 0 ? overlap / union : 0;
}

/**
 * Intersection over union of every box of the one list with every box of the other.
 *
 * @param {Box[]} a
 * @param {Box[]} b
 * @returns {number[][]} a row for each box of `a`
 */
export function iouMatrix(a, b) {
  return a.map((box) => b.map((other) => iou(box, other)));
}

/**
 * Keeps the best of each group of overlapping boxes.
 *
 * @param {Float32Array | Float64Array} boxes four numbers for each; those of single precision are
 *   reckoned in it, as numpy does, so that a box on the edge falls to the same side
 * @param {ArrayLike<number>} scores
 * @param {number} threshold boxes that overlap a better one by more than this are dropped
 * @param {{ useMinimum?: boolean, maxInside?: number }} [options] `useMinimum`: overlap over the
 *   smaller area instead of the union, so that a box inside another counts as the same face.
 *   `maxInside`: of two boxes one of which has more than this part of its area in the other, and its
 *   middle well inside the oval that this one frames, the less sure is dropped
 * @returns {number[]} which are kept, the best first
 */
export function nonMaximumSuppression(boxes, scores, threshold, { useMinimum = false, maxInside = 1 } = {}) {
  const rounded = boxes instanceof Float32Array ? Math.fround : exactly;
  const areas = Float64Array.from(scores, (_, n) => area(boxes, 4 * n, rounded));
  const isFree = (best, other) => {
    const overlap = intersection(boxes, 4 * best, boxes, 4 * other, rounded);
    const smaller = Math.min(areas[best], areas[other]);
    const base = useMinimum ? smaller : areas[best] + areas[other] - overlap;
    if (!(overlap <= threshold * base)) return false;
    if (maxInside >= 1 || overlap <= maxInside * smaller) return true;
    return !isPart(boxes, 4 * best, 4 * other, rounded);
  };
  const kept = [];
  let rest = Array.from(areas, (_, n) => n).sort((a, b) => scores[b] - scores[a]);
  while (rest.length) {
    const [best, ...others] = rest;
    kept.push(best);
    rest = others.filter((other) => isFree(best, other));
  }
  return kept;
}

// Whether, of two boxes, the smaller is about the larger's middle.
function isPart(boxes, a, b, rounded) {
  const sides = [a, b].map((at) => [
    rounded(boxes[at + 2] - boxes[at]),
    rounded(boxes[at + 3] - boxes[at + 1]),
  ]);
  const [mine, other] = sides.map(([width, height]) => rounded(width * height));
  const larger = mine >= other ? sides[0] : sides[1];
  const [x, y] = larger.map((side, i) => {
    const sum = rounded(rounded(boxes[b + i] + boxes[b + 2 + i]) - boxes[a + i]);
    const apart = rounded(rounded(sum - boxes[a + 2 + i]) / 2);
    return rounded(apart / rounded(Math.max(side, rounded(1e-6)) / 2));
  });
  return rounded(Math.hypot(x, y)) < rounded(PART);
}

function intersection(a, i, b, j, rounded) {
  const width = Math.min(a[i + 2], b[j + 2]) - Math.max(a[i], b[j]);
  const height = Math.min(a[i + 3], b[j + 3]) - Math.max(a[i + 1], b[j + 1]);
  return Math.max(rounded(width), 0) * Math.max(rounded(height), 0);
}

function area(boxes, i, rounded) {
  const width = rounded(boxes[i + 2] - boxes[i]);
  const height = rounded(boxes[i + 3] - boxes[i + 1]);
  return Math.max(width, 0) * Math.max(height, 0);
}

/** @param {number} value */
function exactly(value) {
  return value;
}
