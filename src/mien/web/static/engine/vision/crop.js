// @ts-check
// The twin of mien/vision/crop.py: from a picture and a box to what the network sees. Heads that lie
// on their side are not looked for in the browser.

import { centerOf, sideOf } from "./boxes.js";
import { round } from "./numbers.js";
import { colourRows, cutSquare, grayRows } from "./pixels.js";
import { resize } from "./resize.js";
import { warpAffine } from "./warp.js";

/**
 * @typedef {import("../types.js").Picture} Picture
 * @typedef {import("../types.js").Face} Face
 * @typedef {import("../types.js").InputSpec} InputSpec
 * @typedef {import("./pixels.js").Part} Part
 */

/**
 * Crops every face as the network wants it: a square around the middle of the box, its side that of
 * the box times `crop_scale`; what is outside of the picture repeats its edge.
 *
 * @param {Picture} picture
 * @param {Face[]} faces
 * @param {InputSpec} spec
 * @returns {Uint8Array} one face after the other; gray, or RGB
 */
export function cropFaces(picture, faces, spec) {
  const length = spec.size * spec.size * spec.channels;
  const crops = new Uint8Array(faces.length * length);
  faces.forEach((face, n) => void crops.set(cropFace(picture, face, spec), n * length));
  return crops;
}

/**
 * Degrees by which the line through the eyes falls to the right; 0 without landmarks.
 *
 * @param {Face} face
 */
export function eyeAngle({ landmarks }) {
  if (landmarks === null) return 0;
  const [dx, dy] = [0, 1].map((i) => Math.fround(landmarks[1][i] - landmarks[0][i]));
  return Math.atan2(dy, dx) * (180 / Math.PI);
}

/**
 * The square of so many pixels around a place.
 *
 * @param {[number, number]} center
 * @param {number} side
 * @returns {Part}
 */
export function squareAround([x, y], side) {
  return { left: round(x - side / 2), top: round(y - side / 2), width: side, height: side };
}

function cropFace(picture, face, spec) {
  const side = Math.max(1, round(sideOf(face.box) * spec.crop_scale));
  const angle = spec.alignment === "eyes" ? eyeAngle(face) : 0;
  const center = centerOf(face.box);
  if (angle === 0) return resized(picture, squareAround(center, side), spec);
  // Cut with room for the turn first, so that the cost depends on the face, not on the picture.
  const { left, top, width } = squareAround(center, Math.ceil(side * Math.SQRT2) + 2);
  const room = cutSquare(picture, left, top, width);
  const turned = warpAffine(room, { ...room, left: 0, top: 0 }, turn((width - 1) / 2, angle), width, width);
  const start = Math.floor((width - side) / 2);
  return resized(turned, { left: start, top: start, width: side, height: side }, spec);
}

// A turn around a place as far to the right as down, in degrees against the clock.
function turn(middle, angle) {
  const radians = (angle * Math.PI) / 180;
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  return [cos, sin, (1 - cos) * middle - sin * middle, -sin, cos, sin * middle + (1 - cos) * middle];
}

function resized(picture, part, { size, channels }) {
  // Area averaging is exact for shrinking; for enlarging it would only repeat pixels.
  const method = part.width >= size ? "area" : "linear";
  if (channels === 1) return resize(grayRows(picture, part), size, size, method);
  return withoutAlpha(resize(colourRows(picture, part), size, size, method));
}

function withoutAlpha(pixels) {
  const result = new Uint8Array((pixels.length / 4) * 3);
  for (let to = 0, from = 0; to < result.length; to += 3, from += 4) {
    result[to] = pixels[from];
    result[to + 1] = pixels[from + 1];
    result[to + 2] = pixels[from + 2];
  }
  return result;
}
