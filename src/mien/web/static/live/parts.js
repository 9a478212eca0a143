// @ts-check
// Where the eyes and the mouth of a face are, from its landmarks: the twin of `mien/vision/parts.py`.

// Along the line of the eyes and across it, from the middle between the eyes, or the corners of the mouth.
const EYES = [-0.95, -0.16, 0.95, 0.28];
const MOUTH = [-0.7, -0.35, 0.7, 0.45];
/** @type {Point[]} */
const AVERAGE = [
  [0.31, 0.39],
  [0.69, 0.39],
  [0.5, 0.58],
  [0.34, 0.76],
  [0.66, 0.76],
];
const LEAST = 0.25;

/** @typedef {[number, number]} Point */

/**
 * The corners of the two rectangles, in pixels of the picture.
 *
 * @param {{ box: number[], landmarks: Point[] | null }} face
 * @returns {Point[][]}
 */
export function eyesAndMouth({ box: [x1, y1, x2, y2], landmarks }) {
  const [width, height] = [x2 - x1, y2 - y1];
  /** @type {Point[]} */
  const points =
    landmarks ?? AVERAGE.map(([x, y]) => /** @type {Point} */ ([x1 + x * width, y1 + y * height]));
  const along = axis(points, LEAST * Math.sqrt(width * height));
  const [eyes, mouth] = [middle(points[0], points[1]), middle(points[3], points[4])];
  return [corners(eyes, along, EYES), corners(mouth, along, MOUTH)];
}

/**
 * The way from eye to eye; in profile they are close together, or in one place.
 *
 * @param {Point[]} points
 * @param {number} least
 * @returns {Point}
 */
function axis([a, b], least) {
  const [x, y] = [b[0] - a[0], b[1] - a[1]];
  const length = Math.hypot(x, y);
  if (length === 0) return [least, 0];
  const scale = Math.max(1, least / length);
  return [x * scale, y * scale];
}

/** @returns {Point} */
function middle([ax, ay], [bx, by]) {
  return [(ax + bx) / 2, (ay + by) / 2];
}

/**
 * @param {Point} middle
 * @param {Point} along
 * @param {number[]} extent
 * @returns {Point[]}
 */
function corners([x, y], [ax, ay], [left, top, right, bottom]) {
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ].map(([p, q]) => [x + p * ax - q * ay, y + p * ay + q * ax]);
}
