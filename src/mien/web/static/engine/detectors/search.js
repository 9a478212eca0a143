// @ts-check
// How finely full frames are searched for faces: as finely as this device has time for. Faces that are known
// are looked at where they are, always as finely, and so are frames in which one of them was lost; who comes in
// from far away is found a little later here than by Python, which has the time to search as for the first of these.

import { Pace } from "../../core/pace.js";

/**
 * @typedef {import("../types.js").Detector} Detector
 * @typedef {import("../types.js").Picture} Picture
 */

// Side of the smallest face that is looked for, in pixels.
export const SMALLEST = [32, 40, 48, 64];
// A frame that is searched is late by so much, and every fifth one is.
export const LIMITS = { steps: SMALLEST.map((side) => 1 / side), slow: 15, fast: 12, judged: 8 };
// Larger pictures, which are of windows, may take longer.
const USUAL = 640 * 480;

/**
 * Makes a detector for full frames. The pace of one that is shared by streams is shared, too.
 *
 * @param {(minFace: number) => Detector} make makes one that finds all faces from such a side on
 * @param {() => number} clock milliseconds
 * @returns {Detector}
 */
export function searching(make, clock = () => performance.now()) {
  const detectors = SMALLEST.map(make);
  const pace = new Pace(LIMITS);
  const detect = async (/** @type {Picture} */ picture) => {
    const begun = clock();
    const faces = await detectors[pace.step](picture);
    pace.add((clock() - begun) / Math.max(1, (picture.width * picture.height) / USUAL));
    return faces;
  };
  return Object.assign(detect, { faceSide: detectors[0].faceSide });
}
