// @ts-check
// The twin of mien/tracking/roi.py: detection by regions of interest (ROI), the full frame now and
// then and ROIs in between.
//
// A face moves little from one frame to the next. A small region around the place where it is expected
// holds it, at the size that the detector knows best, and the regions of all faces side by side are one
// small picture: a few percent of the pixels of the frame.

import { centerOf, iou, sideOf } from "../vision/boxes.js";
import { round } from "../vision/numbers.js";
import { cutSquare, paste } from "../vision/pixels.js";
import { resizeArea, resizeLinear } from "../vision/resize.js";
import { distanceOf } from "./track.js";

/**
 * @typedef {import("../types.js").Box} Box
 *
 * @typedef {import("../types.js").Detector} Detector
 *
 * @typedef {import("../types.js").Face} Face
 *
 * @typedef {import("../types.js").Picture} Picture
 *
 * @typedef {import("../types.js").Point} Point
 *
 * @typedef {object} Roi a square of the frame, and where it lies in the picture of all ROIs
 * @property {number} left
 * @property {number} top
 * @property {number} side
 * @property {number} column
 * @property {number} row
 */

// Side of a ROI over the side of its face: as far as a face may move is half of the difference.
const ROI_SCALE = 2.0;
// Boxes that overlap by more are of one face.
const SAME = 0.4;
// The full-frame detection interval in seconds: with the time until a new face is believed, who comes in
// is read within 0.3 seconds.
export const INTERVAL = 0.15;

/**
 * Finds the faces of one stream. Holds the stream's state.
 *
 * The full frame goes through the detector when `interval` seconds have passed, when a face that was
 * tracked is not in its ROI, when time jumps, and when ROIs would be larger than the frame. Then the ROIs
 * still count: a face is gone when neither shows it.
 */
export class RoiDetector {
  /** @type {number | null} */
  #detected = null;
  #detector;
  #search;
  #interval;
  #tile;

  /**
   * @param {Detector} detector finds faces, in frames and in ROIs
   * @param {number} interval the full-frame detection interval, in seconds of stream time; 0 for the full
   *   frame every time, without ROIs
   * @param {Detector} search finds them in frames in which nobody was lost, where that is another one
   */
  constructor(detector, interval = INTERVAL, search = detector) {
    this.#detector = detector;
    this.#search = search;
    this.#interval = interval;
    this.#tile = 2 * round((ROI_SCALE * detector.faceSide) / 2);
  }

  /** Forgets everything, for a new source. */
  reset() {
    this.#detected = null;
  }

  /**
   * Finds the faces of a frame; those that were expected first.
   *
   * @param {Picture} picture
   * @param {number} timestamp seconds of stream time
   * @param {Box[]} expected where the faces of the frame before should be by now
   * @param {Box[]} missing where faces that were not in it may be back
   * @returns {Promise<Face[]>}
   */
  async find(picture, timestamp, expected, missing = []) {
    const due = this.#isDue(timestamp);
    const places = [...expected, ...missing];
    const tracks = this.#detected !== null && this.#pays(places.length, picture);
    const tracked = tracks ? await this.#look(picture, places) : places.map(() => null);
    const known = tracked.filter((face) => face !== null);
    const lost = tracked.slice(0, expected.length).includes(null);
    if (!due && !lost) return known;
    // Who was there just now is looked for as well as it goes; who may come in, as there is time for.
    const look = lost || this.#detected === null ? this.#detector : this.#search;
    this.#detected = timestamp;
    const found = await look(picture);
    return [...known, ...found.filter((face) => !isTaken(face, known))];
  }

  // Whether ROIs help: not where each full frame is looked at, nor in a crowd.
  #pays(rois, { width, height }) {
    return this.#interval > 0 && rois * this.#tile ** 2 < width * height;
  }

  #isDue(timestamp) {
    if (this.#detected === null) return true;
    const passed = timestamp - this.#detected;
    // A little less, because the stamps of a steady stream are rounded.
    return passed < 0 || passed >= 0.99 * this.#interval;
  }

  /**
   * The face in each ROI; null where there is none, or it is another ROI's.
   *
   * @param {Picture} picture
   * @param {Box[]} expected
   * @returns {Promise<(Face | null)[]>}
   */
  async #look(picture, expected) {
    if (!expected.length) return [];
    const rois = place(expected, picture);
    const found = await this.#detector(this.#picture(picture, rois));
    const best = rois.map((roi, n) => {
      const shown = found.filter((face) => this.#isIn(face, roi)).map((face) => this.#back(face, roi));
      return nearest(expected[n], shown);
    });
    return once(best, expected);
  }

  /**
   * @param {Picture} frame
   * @param {Roi[]} rois
   * @returns {Picture}
   */
  #picture(frame, rois) {
    const tile = this.#tile;
    const width = tile * (Math.max(...rois.map(({ column }) => column)) + 1);
    const height = tile * (Math.max(...rois.map(({ row }) => row)) + 1);
    const picture = { data: new Uint8Array(4 * width * height), width, height };
    for (const { left, top, side, column, row } of rois) {
      const square = cutSquare(frame, left, top, side, "black");
      paste(picture, column * tile, row * tile, resized(square, tile));
    }
    return picture;
  }

  #isIn(face, { column, row }) {
    const tile = this.#tile;
    const isAt = (value, place) => value >= place * tile && value < (place + 1) * tile;
    const [x, y] = centerOf(face.box);
    return isAt(x, column) && isAt(y, row);
  }

  /**
   * A face of the picture of ROIs in pixels of the frame.
   *
   * @param {Face} face
   * @param {Roi} roi
   * @returns {Face}
   */
  #back(face, { left, top, side, column, row }) {
    const scale = side / this.#tile;
    const dx = left - column * side;
    const dy = top - row * side;
    const [x1, y1, x2, y2] = face.box.map((value) => scale * value);
    const single = Math.fround(scale);
    /** @type {(point: Point) => Point} */
    const shift = ([x, y]) => [
      Math.fround(Math.fround(x * single) + dx),
      Math.fround(Math.fround(y * single) + dy),
    ];
    const landmarks = face.landmarks?.map(shift) ?? null;
    return { ...face, box: [x1 + dx, y1 + dy, x2 + dx, y2 + dy], landmarks };
  }
}

/**
 * Lays the ROIs of boxes out in rows, as nearly square as it goes.
 *
 * @param {Box[]} boxes
 * @param {{ width: number, height: number }} frame
 * @returns {Roi[]}
 */
function place(boxes, { width, height }) {
  const columns = Math.ceil(Math.sqrt(boxes.length));
  return boxes.map((box, number) => {
    const side = Math.max(2, round(ROI_SCALE * sideOf(box)));
    const [x, y] = centerOf(box);
    // Of a face that is about to leave, the part that is still in the frame is looked for.
    const left = round(Math.min(Math.max(x, 0), width) - side / 2);
    const top = round(Math.min(Math.max(y, 0), height) - side / 2);
    return { left, top, side, column: number % columns, row: Math.floor(number / columns) };
  });
}

/**
 * Shrinks or enlarges quickly: areas that end between pixels cost ten times as much.
 *
 * @param {Picture} square
 * @param {number} side
 */
function resized(square, side) {
  if (square.width > 2 * side) return resizeArea(resizeLinear(square, 2 * side, 2 * side), side, side);
  return resizeLinear(square, side, side);
}

/**
 * @param {Box} expected
 * @param {Face[]} faces
 * @returns {Face | null}
 */
function nearest(expected, faces) {
  const none = /** @type {Face | null} */ (null);
  const isNearer = (a, b) => distance(expected, a) < distance(expected, b);
  return faces.reduce((best, face) => (best === null || isNearer(face, best) ? face : best), none);
}

/**
 * @param {Box} expected
 * @param {Face} face
 */
function distance(expected, face) {
  return distanceOf(centerOf(face.box), centerOf(expected));
}

/**
 * Whether a face is one of some others.
 *
 * @param {Face} face
 * @param {(Face | null)[]} others
 */
function isTaken(face, others) {
  return others.some((other) => other !== null && iou(face.box, other.box) > SAME);
}

/**
 * Leaves a face that two ROIs show to the one that it is nearer to.
 *
 * @param {(Face | null)[]} faces
 * @param {Box[]} expected
 * @returns {(Face | null)[]}
 */
function once(faces, expected) {
  /** @type {(Face | null)[]} */
  const result = faces.map(() => null);
  const away = faces.map((face, number) => (face === null ? Infinity : distance(expected[number], face)));
  for (const number of [...faces.keys()].sort((a, b) => away[a] - away[b] || 0)) {
    const face = faces[number];
    if (face !== null && !isTaken(face, result)) result[number] = face;
  }
  return result;
}
