// @ts-check
// The one face that the large word is for: the largest in the picture.

import { areaOf, largestOf } from "../core/boxes.js";

const LARGER = 1.25; // as much larger another face must be: two of one size do not take turns
const MISSED_MS = 600; // and a face that is missed for a moment stays the nearest

/** @typedef {import("../generated/messages.js").FaceFacts} FaceFacts */

export class Nearest {
  constructor() {
    this.id = null;
    this.seen = -Infinity;
  }

  /**
   * Returns the result with at most the nearest of its faces.
   *
   * @template {{ faces: FaceFacts[] }} Result
   * @param {Result} analysis
   * @returns {Result}
   */
  only(analysis, now = performance.now()) {
    const largest = largestOf(analysis.faces);
    const last = analysis.faces.find((reading) => reading.track_id === this.id);
    let face = last && largest && areaOf(largest) < LARGER * areaOf(last) ? last : largest;
    if (!last && now - this.seen < MISSED_MS) face = null;
    if (face) [this.id, this.seen] = [face.track_id, now];
    return { ...analysis, faces: face ? [face] : [] };
  }

  reset() {
    this.seen = -Infinity;
  }
}
