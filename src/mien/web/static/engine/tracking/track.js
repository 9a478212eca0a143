// @ts-check
// The twin of mien/tracking/track.py: one face over time, and how well a face of the next frame fits it.

import { centerOf, iou, sideOf } from "../vision/boxes.js";
import { similarity } from "./appearance.js";

/**
 * @typedef {import("../types.js").Box} Box
 *
 * @typedef {Float32Array} Descriptor the appearance of one face
 */

// The number of a face that is not tracked long enough yet to be believed.
export const UNCONFIRMED = 0;
// How far, in sides of the face, a face may land from where it was expected.
const REACH = 1.0;
// Who was out of sight may have gone further, by so many sides in a second: one who looks alike...
const SPREAD = 4.0;
// ...by at least this much, 1 being the same picture.
export const ALIKE = 0.6;
// A descriptor is averaged over this many seconds, because expressions and light change.
const APPEARANCE_SECONDS = 0.5;
// A face does not grow or shrink faster than this from one sight to the next.
const MAX_GROWTH = 2.0;
// A velocity is averaged over this many seconds, because boxes shake by a few pixels...
const VELOCITY_SECONDS = 0.15;
// ...measured over no less than this, because a shake over no time is no speed...
const SHORTEST_STEP = 0.001;
// ...and trusted for about as long: people stop, and an unseen face must not drift off.
const MOMENTUM_SECONDS = 0.3;

/** A face that was seen; times in seconds of stream time, speed in pixels a second. */
export class Track {
  number = UNCONFIRMED;
  velocity = [0, 0]; // to the right and down
  age = 0; // how long it has been seen
  unseen = 0; // how long it has not been
  missed = false; // whether it is not in this frame; until faces are joined, no track is
  missedBefore = false; // whether it was not in the one before
  /** @type {Descriptor | null} averaged over the last moments */
  appearance = null;
  /** @type {Descriptor | null} in the last frame in which it was */
  latest = null;
  portrayed = -Infinity; // when its last portrait was kept
  // Since when no portrait has said who it is, after it changed at once.
  /** @type {number | null} */
  doubted = null;

  /** @param {Box} box where it was last */
  constructor(box) {
    this.box = box;
  }

  /**
   * Where the face should be in so many seconds, at a velocity that dies away.
   *
   * @param {number} later
   * @returns {Box}
   */
  expected(later = 0) {
    const reach = MOMENTUM_SECONDS * -Math.expm1(-(this.unseen + later) / MOMENTUM_SECONDS);
    const [dx, dy] = this.velocity.map((speed) => speed * reach);
    const [x1, y1, x2, y2] = this.box;
    return [x1 + dx, y1 + dy, x2 + dx, y2 + dy];
  }

  /**
   * Takes in a new sight.
   *
   * @param {Box} box
   * @param {Descriptor | null} appearance
   */
  see(box, appearance) {
    this.latest = appearance;
    if (this.appearance === null || appearance === null) this.appearance = appearance;
    else this.appearance = between(this.appearance, appearance, this.#share(APPEARANCE_SECONDS));
    if (this.unseen >= SHORTEST_STEP) {
      const weight = this.#share(VELOCITY_SECONDS);
      const old = centerOf(this.box);
      const now = centerOf(box);
      this.velocity = this.velocity.map((v, i) => v + weight * ((now[i] - old[i]) / this.unseen - v));
    }
    this.age += this.unseen;
    this.box = box;
    this.unseen = 0;
    this.missed = false;
  }

  // Weight of a new sight in an average over so many seconds.
  #share(seconds) {
    return -Math.expm1(-this.unseen / seconds);
  }
}

/**
 * A share of the way from one to the other, each step in single precision.
 *
 * @param {Descriptor} from
 * @param {Descriptor} to
 * @param {number} share
 */
function between(from, to, share) {
  const weight = Math.fround(share);
  return from.map((value, i) => value + Math.fround(weight * Math.fround(to[i] - value)));
}

/**
 * How well each track fits each face, up to 3; 0 where they cannot be one.
 *
 * @param {Track[]} tracks
 * @param {Box[]} faces
 * @param {Descriptor[] | null} descriptors
 * @returns {number[][]} a row for each track
 */
export function affinity(tracks, faces, descriptors) {
  const alike = similarities(tracks, faces.length, descriptors);
  return tracks.map((track, row) => {
    const place = track.expected();
    const gone = track.missedBefore ? track.unseen : 0;
    return faces.map((face, column) => fit(place, face, alike[row][column], gone));
  });
}

function fit(place, face, alike, gone) {
  const sides = [sideOf(place), sideOf(face)];
  const distance = distanceOf(centerOf(place), centerOf(face)) / ((sides[0] + sides[1]) / 2);
  const reach = REACH + (alike >= ALIKE ? SPREAD * gone : 0);
  const nearness = Math.max(1 - distance / reach, 0);
  const growth = Math.abs(Math.log(sides[0] / sides[1]));
  if (nearness === 0 || growth > Math.log(MAX_GROWTH)) return 0;
  return iou(place, face) + nearness + Math.max(alike, 0);
}

/**
 * Whether a box reaches the edge of a frame, so that part of its face may be outside.
 *
 * @param {Box} box
 * @param {[number, number]} size
 */
export function isCut([x1, y1, x2, y2], [width, height]) {
  return x1 <= 1 || y1 <= 1 || x2 >= width - 1 || y2 >= height - 1;
}

/**
 * How alike the looks of tracks and faces are; 0 where one is not known.
 *
 * @param {Track[]} tracks
 * @param {number} count
 * @param {Descriptor[] | null} descriptors
 * @returns {number[][]} a row for each track
 */
export function similarities(tracks, count, descriptors) {
  return tracks.map(({ appearance }) => {
    if (descriptors === null || appearance === null) return new Array(count).fill(0);
    return descriptors.map((descriptor) => similarity(appearance, descriptor));
  });
}

/**
 * @param {[number, number]} a
 * @param {[number, number]} b
 */
export function distanceOf(a, b) {
  const x = a[0] - b[0];
  const y = a[1] - b[1];
  return Math.sqrt(x * x + y * y);
}
