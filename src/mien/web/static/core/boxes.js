// @ts-check
// Which face of a picture is meant: the largest.

/** @typedef {import("../generated/messages.js").FaceFacts} FaceFacts */

/** @param {{ box: [number, number, number, number] }} face */
export function areaOf({ box: [x1, y1, x2, y2] }) {
  return (x2 - x1) * (y2 - y1);
}

/**
 * The largest of some faces, the first of those that are as large; null where there is none.
 *
 * @param {FaceFacts[]} faces
 */
export function largestOf(faces) {
  const none = /** @type {FaceFacts | null} */ (null);
  return faces.reduce((a, b) => (a && areaOf(a) >= areaOf(b) ? a : b), none);
}
