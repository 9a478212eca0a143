// @ts-check
// The twin of mien/models/occlusion.py: which part of a face a reading rests on; its brows, eyes or mouth,
// each covered in turn.

import { centerOf, sideOf } from "../vision/boxes.js";
import { cropFaces } from "../vision/crop.js";
import { inpaint } from "../vision/inpaint.js";
import { round } from "../vision/numbers.js";
import { landmarksOf, PARTS, partRegions } from "../vision/parts.js";
import { cutSquare } from "../vision/pixels.js";
import { fillPolygon } from "../vision/polygon.js";
import { resizeArea } from "../vision/resize.js";

/**
 * @typedef {import("../types.js").Picture} Picture
 * @typedef {import("../types.js").Face} Face
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../../generated/messages.js").PartFacts} PartFacts
 */

// Faces are covered at this size: more detail than any classifier sees, at a cost that is bounded.
const LARGEST = 256;
// What is looked at around a face, in sides of its box: as much as any crop takes in.
const ROOM = 2;
// How far around a pixel is looked at to paint it, in pixels.
const REACH = 3;

const { fround } = Math;

/**
 * Covers each part of a face and lets the classifier read it again, whole and covered in one call.
 *
 * @param {Picture} picture
 * @param {Face} face without landmarks its parts are where an average face has them
 * @param {object} reader
 * @param {import("../types.js").Classifier} reader.classify
 * @param {import("../types.js").InputSpec} reader.spec
 * @param {readonly string[]} reader.labels
 * @returns {Promise<PartFacts[]>} one for each part, the greatest effect first
 */
export async function explain(picture, face, { classify, spec, labels }) {
  const { room, moved, scale, corner } = cutOut(picture, face);
  const regions = partRegions(moved);
  const pictures = [room, ...PARTS.map((part) => cover(room, regions[part]))];
  const length = spec.size * spec.size * spec.channels;
  const crops = new Uint8Array(pictures.length * length);
  pictures.forEach((one, n) => void crops.set(cropFaces(one, [moved], spec), n * length));
  const outcomes = await classify(crops, pictures.length);
  const width = outcomes.length / pictures.length;
  const whole = outcomes.subarray(0, labels.length);
  const top = whole.indexOf(Math.max(...whole));
  const effects = PARTS.map((part, n) => ({
    part,
    effect: fround(whole[top] - outcomes[(n + 1) * width + top]),
    region: regions[part].map((point) => inPicture(point, scale, corner)),
  }));
  return effects.sort((a, b) => b.effect - a.effect);
}

/** @returns {Point} */
function inPicture([x, y], scale, corner) {
  return [fround(fround(x / fround(scale)) + corner[0]), fround(fround(y / fround(scale)) + corner[1])];
}

// The face with what is around it at a bounded size, its scale and its first pixel.
function cutOut(picture, face) {
  const side = Math.max(8, round(sideOf(face.box) * ROOM));
  const corner = centerOf(face.box).map((at) => fround(round(at - side / 2)));
  const square = cutSquare(picture, corner[0], corner[1], side);
  const scale = Math.min(1, LARGEST / side);
  const room = scale < 1 ? resizeArea(square, LARGEST, LARGEST) : square;
  const box = /** @type {Face["box"]} */ (face.box.map((at, i) => (at - corner[i % 2]) * scale));
  const landmarks = landmarksOf(face).map(
    ([x, y]) =>
      /** @type {Point} */ ([
        fround(fround(x - corner[0]) * fround(scale)),
        fround(fround(y - corner[1]) * fround(scale)),
      ]),
  );
  return { room, moved: { ...face, box, landmarks }, scale, corner };
}

/**
 * Paints over a region from its edge inwards: one colour over the brows would look like a frown to the
 * classifier, and so hide what it covers.
 *
 * @param {Picture} picture
 * @param {Point[]} region
 * @returns {Picture}
 */
export function cover(picture, region) {
  const { width, height } = picture;
  const mask = { data: new Uint8Array(width * height), width, height };
  fillPolygon(
    mask,
    region.map(([x, y]) => [round(x), round(y)]),
  );
  return inpaint(picture, mask.data, REACH);
}
