// @ts-check
// The twin of mien/detectors/single_shot.py, which says why, and of its postprocess.py: mien's own face
// detector. The network is passed in; how a picture is shown to it, and what becomes of its answers, is here.

import { nonMaximumSuppression } from "../vision/boxes.js";
import { round } from "../vision/numbers.js";
import { colourRows, planeRows, readAll, toGray, wholeOf } from "../vision/pixels.js";
import { resize } from "../vision/resize.js";

/**
 * @typedef {import("../types.js").Picture} Picture
 * @typedef {import("../types.js").Plane} Plane
 * @typedef {import("../types.js").Face} Face
 * @typedef {import("../types.js").Box} Box
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../types.js").Detector} Detector
 * @typedef {import("../vision/pixels.js").Part} Part
 *
 * What a detector's model.json says, as far as it counts here.
 *
 * @typedef {object} DetectorInfo
 * @property {number} channels 1 where the network takes gray, 3 where it takes blue, green and red
 * @property {number} multiple what the sides of a picture must be multiples of
 * @property {number} smallest side of the smallest face that it finds, in pixels of what it is shown
 * @property {number} min_score
 * @property {number} max_overlap
 * @property {number} [max_inside]
 *
 * What the network says of n places: scores [n], boxes [n,4], landmarks [n,5,2].
 *
 * @typedef {{ scores: Float32Array, boxes: Float32Array, landmarks: Float32Array }} Found
 *
 * @typedef {(data: Uint8Array, height: number, width: number, channels: number) =>
 *   Promise<Found> | Found} Run takes a picture, bytes [1,height,width,channels]
 *
 * @typedef {object} Shown the picture as it is shown: gray, or red, green, blue and one that is ignored
 * @property {Uint8ClampedArray | Uint8Array} data
 * @property {number} width
 * @property {number} height
 */

const FACE_SIDE = 48;
// Where a picture is shown at more than this many pixels, it is shown once more, shrunk by this factor.
const LONGEST = 224;
const AGAIN = 3;
// Down to this factor, pictures are shrunk linearly.
const LINEAR = 0.6;
// Pictures that would be shown at more than `large` pixels are shown in tiles of `tile` pixels a side, which
// overlap by no less than `overlap`: memory is bounded.
const LIMITS = { large: 4_200_000, tile: 1024, overlap: 192 };
const MIN_FACE = 32; // side of the smallest face that is looked for, in pixels
// A box below SURE times the smallest face loses a part of its score: DOUBT times what it lacks, as a share.
const SURE = 1.5;
const DOUBT = 0.4;

const { fround } = Math;

/**
 * Makes the detector of a network.
 *
 * @param {DetectorInfo} info
 * @param {Run} run
 * @param {{ minFace?: number, limits?: typeof LIMITS }} [options] `minFace`: side of the smallest face that
 *   must be found, in pixels. Time falls with its square. `limits`: what may be shown at once
 * @returns {Detector} finds the faces, the surest first
 */
export function singleShotDetector(info, run, { minFace = MIN_FACE, limits = LIMITS } = {}) {
  if (!(minFace > 0)) throw new RangeError(`minFace must be above 0, got ${minFace}`);
  const wanted = Math.min(1, info.smallest / minFace);
  const detect = async (/** @type {Picture} */ picture) => {
    const isLarge = picture.width * picture.height * wanted ** 2 > limits.large;
    const look = (part) => lookAt(shown, part, info, run);
    /** @type {Shown} */
    let shown = info.channels === 3 ? picture : toGray(picture);
    /** @type {Found[]} */
    const found = [];
    for (let scale = wanted; ; scale /= AGAIN) {
      shown = shrunk(shown, picture, scale, info.channels);
      const ratio = [fround(picture.width / shown.width), fround(picture.height / shown.height)];
      const seen = isLarge ? await inTiles(shown, limits, look) : await look(wholeOf(shown));
      found.push(scaled(seen, ratio));
      if (Math.max(shown.width, shown.height) <= LONGEST) break;
    }
    return toFaces(joined(found), info);
  };
  return Object.assign(detect, { faceSide: FACE_SIDE });
}

// What was shown, at `scale` times the picture's size.
function shrunk(shown, picture, scale, channels) {
  const width = Math.max(1, round(picture.width * scale));
  const height = Math.max(1, round(picture.height * scale));
  if (width === shown.width && height === shown.height) return shown;
  const rows = channels === 3 ? colourRows(shown, wholeOf(shown)) : planeRows(shown);
  return {
    data: resize(rows, width, height, width >= LINEAR * shown.width ? "linear" : "area"),
    width,
    height,
  };
}

/**
 * Looks at what is shown a part at a time.
 *
 * @param {Shown} shown
 * @param {typeof LIMITS} limits
 * @param {(part: Part) => Promise<Found>} look
 * @returns {Promise<Found>} in pixels of all that is shown
 */
async function inTiles(shown, { tile, overlap }, look) {
  const found = [];
  for (const top of starts(shown.height, tile, overlap)) {
    for (const left of starts(shown.width, tile, overlap)) {
      const width = Math.min(tile, shown.width - left);
      const height = Math.min(tile, shown.height - top);
      const part = { left, top, width, height };
      found.push(uncut(await look(part), part, shown));
    }
  }
  return joined(found);
}

// Where tiles begin along a side of the picture, the last one at its end.
function starts(length, tile, overlap) {
  if (length <= tile) return [0];
  const count = Math.ceil((length - overlap) / (tile - overlap));
  return Array.from({ length: count }, (_, i) => Math.floor(((length - tile) * i) / (count - 1)));
}

/**
 * Moves what one tile holds to its place, without the faces that its inner edges cut.
 *
 * @param {Found} found
 * @param {Part} part
 * @param {Shown} shown
 * @returns {Found}
 */
function uncut({ scores, boxes, landmarks }, part, shown) {
  const corner = [part.left, part.top];
  const end = [part.left + part.width, part.top + part.height];
  const size = [shown.width, shown.height];
  const movedBoxes = boxes.map((value, i) => value + corner[i % 2]);
  const movedLandmarks = landmarks.map((value, i) => value + corner[i % 2]);
  const isCut = (n, axis) =>
    (movedBoxes[4 * n + axis] <= corner[axis] && corner[axis] > 0) ||
    (movedBoxes[4 * n + 2 + axis] >= end[axis] && end[axis] < size[axis]);
  const isWhole = (n) => !isCut(n, 0) && !isCut(n, 1);
  return kept({ scores, boxes: movedBoxes, landmarks: movedLandmarks }, isWhole);
}

// Runs the network on a part of what is shown, filled up with black to what it takes.
async function lookAt(shown, part, info, run) {
  const { channels, multiple } = info;
  const width = Math.ceil(part.width / multiple) * multiple;
  const height = Math.ceil(part.height / multiple) * multiple;
  const given = new Uint8Array(width * height * channels);
  if (channels === 3) putColours(given, width, shown, part);
  else putGray(given, width, shown, part);
  const { scores, boxes, landmarks } = await run(given, height, width, channels);
  const doubted = scores.map((score, n) => score - doubt(boxes, 4 * n, info.smallest));
  const least = fround(info.min_score);
  return kept({ scores: doubted, boxes, landmarks }, (n) => doubted[n] >= least);
}

function putGray(given, width, shown, part) {
  for (let y = 0; y < part.height; y++) {
    const from = (part.top + y) * shown.width + part.left;
    given.set(shown.data.subarray(from, from + part.width), y * width);
  }
}

function putColours(given, width, shown, part) {
  const data = readAll(colourRows(shown, part));
  for (let y = 0, from = 0; y < part.height; y++) {
    for (let to = 3 * y * width; to < 3 * (y * width + part.width); to += 3, from += 4) {
      given[to] = data[from + 2];
      given[to + 1] = data[from + 1];
      given[to + 2] = data[from];
    }
  }
}

// What a box loses of its score by its size, in pixels of what is shown.
function doubt(boxes, at, smallest) {
  const width = Math.max(fround(boxes[at + 2] - boxes[at]), 0);
  const height = Math.max(fround(boxes[at + 3] - boxes[at + 1]), 0);
  const side = fround(Math.sqrt(fround(width * height)));
  const lacking = Math.max(fround(1 - fround(side / fround(SURE * smallest))), 0);
  return fround(fround(DOUBT) * lacking);
}

/**
 * @param {Found} found
 * @param {(n: number) => boolean} isKept
 * @returns {Found}
 */
function kept({ scores, boxes, landmarks }, isKept) {
  const numbers = Array.from(scores.keys()).filter(isKept);
  return {
    scores: Float32Array.from(numbers, (n) => scores[n]),
    boxes: Float32Array.from({ length: 4 * numbers.length }, (_, i) => boxes[4 * numbers[i >> 2] + (i & 3)]),
    landmarks: Float32Array.from(
      { length: 10 * numbers.length },
      (_, i) => landmarks[10 * numbers[Math.floor(i / 10)] + (i % 10)],
    ),
  };
}

/**
 * @param {Found} found
 * @param {number[]} ratio width and height of one of its pixels in pixels of the picture
 * @returns {Found}
 */
function scaled({ scores, boxes, landmarks }, ratio) {
  const scale = (value, i) => value * ratio[i % 2];
  return { scores, boxes: boxes.map(scale), landmarks: landmarks.map(scale) };
}

/**
 * @param {Found[]} found
 * @returns {Found}
 */
function joined(found) {
  const join = (name) => Float32Array.from(found.flatMap((one) => Array.from(one[name])));
  return { scores: join("scores"), boxes: join("boxes"), landmarks: join("landmarks") };
}

/**
 * From what a network says of many places to faces, each once.
 *
 * @param {Found} found in pixels of the picture
 * @param {{ max_overlap: number, max_inside?: number }} info boxes that overlap a surer one by more are
 *   dropped; so are those that are a part of a surer one, or the other way round
 * @returns {Face[]} the surest first
 */
export function toFaces({ scores, boxes, landmarks }, { max_overlap, max_inside = 1 }) {
  return nonMaximumSuppression(boxes, scores, max_overlap, { maxInside: max_inside }).map((n) => ({
    box: /** @type {Box} */ (Array.from(boxes.subarray(4 * n, 4 * n + 4))),
    score: Math.min(scores[n], 1),
    landmarks: Array.from(
      { length: 5 },
      (_, i) => /** @type {Point} */ ([landmarks[10 * n + 2 * i], landmarks[10 * n + 2 * i + 1]]),
    ),
  }));
}
