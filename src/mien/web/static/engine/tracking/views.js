// @ts-check
// The twin of mien/tracking/views.py: what the faces of one frame show of themselves, for who asks
// who is who.

import { centerOf, iou, sideOf } from "../vision/boxes.js";
import { LEAST_SIDE } from "./portrait.js";
import { distanceOf, isCut } from "./track.js";

/**
 * @typedef {import("../types.js").Face} Face
 *
 * @typedef {Float32Array} Portrait
 */

// Of faces that overlap by so much (IoU) none can be portrayed alone; of those whose middles are
// nearer than so many sides, one may reach over what a portrait of the other shows.
const COVERED = 0.05;
const BESIDE = 2.0;

/** Portraits of the faces of one frame, each made once, when it is asked for. */
export class Views {
  /** @type {Map<number, Portrait | null>} those that were asked for, by index */
  #made = new Map();
  #faces;
  #size;
  #portray;

  /**
   * @param {Face[]} faces
   * @param {[number, number] | null} size of the frame in pixels; null where its edges do not count
   * @param {((face: Face) => Portrait | null) | null} portray makes the portrait of a face; null
   *   where there are none
   */
  constructor(faces, size, portray) {
    this.#faces = faces;
    this.#size = size;
    this.#portray = portray;
  }

  /**
   * The portrait of a face; null where it shows too little, or more than itself.
   *
   * @param {number} index
   */
  portrait(index) {
    if (this.#portray === null) return null;
    if (!this.#made.has(index)) {
      const hidden = this.isCut(index) || this.#isCovered(index);
      this.#made.set(index, hidden ? null : this.#portray(this.#faces[index]));
    }
    return this.#made.get(index) ?? null;
  }

  /**
   * Whether part of a face may be outside of the frame.
   *
   * @param {number} index
   */
  isCut(index) {
    return this.#size !== null && isCut(this.#faces[index].box, this.#size);
  }

  // Whether another face reaches over this one, so that a portrait would be of both.
  #isCovered(index) {
    const { box } = this.#faces[index];
    return this.#faces.some((face, other) => other !== index && iou(box, face.box) >= COVERED);
  }

  /**
   * Whether another face is so near that it may reach over what a portrait shows.
   *
   * @param {number} index
   */
  isBeside(index) {
    const { box } = this.#faces[index];
    return this.#faces.some(
      (face, other) =>
        other !== index &&
        distanceOf(centerOf(box), centerOf(face.box)) < BESIDE * Math.max(sideOf(box), sideOf(face.box)),
    );
  }

  /**
   * Whether a face that cannot be portrayed now may be soon: its head is turned away.
   *
   * @param {number} index
   */
  mayClear(index) {
    const { box, landmarks } = this.#faces[index];
    return this.#portray !== null && landmarks !== null && sideOf(box) >= LEAST_SIDE;
  }
}
