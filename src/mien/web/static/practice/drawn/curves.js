// @ts-check
// Lines and areas of a drawing, as the paths of an SVG. A point is [x, y]; 0 is the middle of the face.

/** @typedef {number[]} Point [x, y] */

// How all lines are drawn. A stylesheet would not reach what <use> repeats.
export const STROKE = 'fill="none" stroke-linecap="round" stroke-linejoin="round"';
const round = (value) => Math.round(value * 10) / 10;

/**
 * Points as they are, or from a text: "0 50, 44 55".
 *
 * @param {Point[] | string} points
 * @returns {Point[]}
 */
export function asPoints(points) {
  if (typeof points !== "string") return points;
  return points.split(",").map((point) => point.trim().split(" ").map(Number));
}

/**
 * A smooth line through points (Catmull-Rom), or the outline of an area.
 *
 * @param {Point[] | string} given
 * @param {boolean} [closed]
 */
export function curve(given, closed = false) {
  const points = asPoints(given);
  const last = points.length - 1;
  const at = (i) =>
    closed ? points[(i + points.length) % points.length] : points[Math.min(Math.max(i, 0), last)];
  const parts = [`M${points[0].map(round)}`];
  for (let i = 0; i < (closed ? points.length : last); i++) {
    const [before, from, to, after] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    const first = from.map((value, k) => round(value + (to[k] - before[k]) / 6));
    const second = to.map((value, k) => round(value - (after[k] - from[k]) / 6));
    parts.push(`C${first} ${second} ${to.map(round)}`);
  }
  return parts.join("") + (closed ? "Z" : "");
}

/**
 * The other side of the face.
 *
 * @param {Point[] | string} points
 * @returns {Point[]}
 */
export function mirrored(points) {
  return asPoints(points).map(([x, y]) => [-x, y]);
}

/**
 * From the left to the right through the middle, by the points of the right side, from the middle on.
 *
 * @param {Point[] | string} given
 * @returns {Point[]}
 */
export function bothSides(given) {
  const points = asPoints(given);
  return [...mirrored(points.filter(([x]) => x)).reverse(), ...points];
}

/**
 * The outline of an area and of the same on the other side.
 *
 * @param {Point[] | string} points
 */
export function pair(points) {
  return curve(points, true) + curve(mirrored(points), true);
}

/**
 * An element; what has no width or no opacity is none.
 *
 * @param {string} d
 * @param {string} fill
 * @param {number} [opacity]
 */
export function area(d, fill, opacity = 1) {
  return opacity > 0.02 ? `<path d="${d}" fill="${fill}"${shown(opacity)}/>` : "";
}

/**
 * @param {string} d
 * @param {string} stroke
 * @param {number} width
 * @param {number} [opacity]
 */
export function line(d, stroke, width, opacity = 1) {
  if (opacity <= 0.02) return "";
  return `<path d="${d}" ${STROKE} stroke="${stroke}" stroke-width="${round(width)}"${shown(opacity)}/>`;
}

/**
 * The same line on both sides.
 *
 * @param {Point[] | string} points
 * @param {string} stroke
 * @param {number} width
 * @param {number} [opacity]
 */
export function lines(points, stroke, width, opacity = 1) {
  return line(curve(points) + curve(mirrored(points)), stroke, width, opacity);
}

/**
 * @param {Point} middle
 * @param {number} rx
 * @param {number} ry
 * @param {string} fill
 * @param {number} [opacity]
 */
export function oval([x, y], rx, ry, fill, opacity = 1) {
  if (opacity <= 0.02) return "";
  return `<ellipse cx="${round(x)}" cy="${round(y)}" rx="${round(rx)}" ry="${round(ry)}" fill="${fill}"${shown(opacity)}/>`;
}

function shown(opacity) {
  return opacity < 1 ? ` opacity="${round(opacity * 10) / 10}"` : "";
}
