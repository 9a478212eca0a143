// @ts-check
// The twin of mien/pipeline/analyzer.py: the live path, frame in, readings out. Knows no concrete
// detector or classifier.

import { split } from "../models/decision.js";
import { describe } from "../tracking/appearance.js";
import { CutFinder } from "../tracking/cuts.js";
import { portray } from "../tracking/portrait.js";
import { INTERVAL, RoiDetector } from "../tracking/roi.js";
import { HOLD, HOLD_UNSURE, Smoother, TIME_CONSTANT } from "../tracking/smoother.js";
import { UNCONFIRMED } from "../tracking/track.js";
import { REMEMBER, Tracker } from "../tracking/tracker.js";
import { cropFaces } from "../vision/crop.js";
import { assess, DOUBTFUL, QUALITY_SETTINGS } from "../vision/quality.js";
import { UsualFaces } from "./baseline.js";
import { Pace } from "./pace.js";

/**
 * @typedef {import("../../generated/messages.js").Analyzed} Analyzed
 *
 * @typedef {import("../../generated/messages.js").FaceFacts} FaceFacts
 *
 * @typedef {import("../../generated/messages.js").QualityFacts} QualityFacts
 *
 * @typedef {import("../types.js").Classifier} Classifier
 *
 * @typedef {import("../types.js").Detector} Detector
 *
 * @typedef {import("../types.js").Face} Face
 *
 * @typedef {import("../types.js").InputSpec} InputSpec
 *
 * @typedef {import("../types.js").Picture} Picture
 *
 * @typedef {object} Frame
 * @property {Picture} picture
 * @property {number} index its number in its source, from 0; dropped frames are counted
 * @property {number} timestamp seconds from the start of the stream, by the stream's own clock
 * @property {string} source where it came from
 *
 * @typedef {object} Bundle what is read with, and what model.json says of it
 * @property {Classifier} classifier
 * @property {string[]} labels in the order of what the classifier gives
 * @property {boolean} other whether one more says how probable it is that a face shows none of them
 * @property {InputSpec} spec how faces must be cropped
 * @property {number} notSureBelow probability of being right that a label needs to be shown
 * @property {number[] | null} [neutralLogs] what it makes of neutral faces in general, as model.json says it
 *
 * @typedef {typeof SETTINGS} Settings
 */

/** How faces are tracked and words are steadied; all times in seconds of stream time. */
export const SETTINGS = Object.freeze({
  maxGap: 2, // how long a face that is missing keeps its number wherever it was expected
  remember: REMEMBER, // how long someone who is away is known again by a portrait
  confirm: 0.1, // how long a face that turns up in a running stream must be seen before it is read
  timeConstant: TIME_CONSTANT, // of the moving average over a face's readings; 0 for none
  hold: HOLD, // how long another label must be the best before it is shown
  holdUnsure: HOLD_UNSURE, // how long none must be sure before "not sure" is shown
  search: INTERVAL, // the full-frame detection interval; 0 for the full frame every time
  quality: QUALITY_SETTINGS, // where a face stops being good enough
});

// Probabilities come from a softmax in single precision.
const SUM_TOLERANCE = 1e-3;

/**
 * Reads the frames of one stream, one after the other. Holds the stream's state: make one for each
 * stream. The networks hold none and may be shared.
 */
export class Analyzer {
  #bundle;
  #quality;
  #rois;
  #tracker;
  #smoother;
  #cuts = new CutFinder();
  #usual;
  #pace = new Pace();
  #stands = 0;
  /** @type {string | null} */
  #source = null;

  /**
   * @param {Detector} detector finds the faces
   * @param {Bundle} bundle reads them
   * @param {Partial<Settings>} settings
   * @param {Detector} search finds faces in full frames in which nobody was lost, where that is another one
   * @throws {RangeError} a time is below 0, or `notSureBelow` is no probability
   */
  constructor(detector, bundle, settings = {}, search = detector) {
    const { quality, ...times } = { ...SETTINGS, ...settings };
    for (const [name, value] of Object.entries(times)) {
      if (!(value >= 0)) throw new RangeError(`${name} must be 0 seconds or more, got ${value}`);
    }
    const { notSureBelow, other } = bundle;
    if (!(notSureBelow >= 0 && notSureBelow <= 1)) {
      throw new RangeError(`notSureBelow must be in 0..1, got ${notSureBelow}`);
    }
    this.#bundle = bundle;
    this.#quality = quality;
    this.#rois = new RoiDetector(detector, times.search, search);
    this.#tracker = new Tracker(times);
    this.#smoother = new Smoother({ ...times, notSureBelow, other });
    this.#usual = new UsualFaces(bundle.neutralLogs ?? null);
  }

  /** Forgets all faces; a frame of another source does so by itself. */
  reset() {
    this.#rois.reset();
    this.#cuts.reset();
    this.#tracker.reset();
    this.#smoother.reset();
    this.#pace.reset();
    this.#usual.reset();
  }

  /**
   * Learns the usual face of somebody who is in view, in the seconds that come, or reads them like
   * anybody again.
   *
   * @param {number} trackId
   * @param {boolean} learn
   */
  askUsual(trackId, learn) {
    if (!learn) this.#usual.forget(trackId);
    else if (this.#tracker.ids.has(trackId)) this.#usual.learn(trackId);
  }

  /**
   * Reads all faces of one frame; the next one has to wait until that is done.
   *
   * @param {Frame} frame
   * @returns {Promise<Analyzed>} the readings, ordered by track id, and the seconds of each stage:
   *   detect, track, crop, quality, classify, smooth
   * @throws {RangeError} the time stamp is no number: no later frame could be placed after it
   */
  async read({ picture, index, timestamp, source }) {
    if (!Number.isFinite(timestamp)) throw new RangeError(`timestamp must be finite, got ${timestamp}`);
    if (source !== this.#source) {
      this.reset();
      this.#source = source;
    }
    this.#stands = this.#pace.take(timestamp);
    const watch = new Stopwatch();
    this.#endAtCut(picture, timestamp);
    const { seen, missing } = this.#tracker.expected(timestamp);
    const found = await this.#rois.find(picture, timestamp, seen, missing);
    watch.stop("detect");
    const { ids, faces } = this.#track(picture, timestamp, found);
    watch.stop("track");
    const crops = cropFaces(picture, faces, this.#bundle.spec);
    watch.stop("crop");
    const qualities = faces.map((face) => assess(picture, face, this.#quality));
    watch.stop("quality");
    const probabilities = await this.#classify(crops, faces.length);
    watch.stop("classify");
    this.#smoother.keep(this.#tracker.ids);
    const read = (face, n) => this.#read(timestamp, ids[n], face, qualities[n], probabilities[n]);
    const readings = faces.map(read);
    watch.stop("smooth");
    return {
      type: "analysis",
      frame: index,
      time: timestamp,
      source,
      size: [picture.width, picture.height],
      faces: readings,
      timings: watch.seconds,
    };
  }

  /**
   * Where another scene begins, hands no number to who comes to be in somebody's place.
   *
   * @param {Picture} picture
   * @param {number} timestamp
   */
  #endAtCut(picture, timestamp) {
    const cut = this.#cuts.find(picture, timestamp, this.#tracker.places);
    if (!cut.whole && !cut.faces.includes(true)) return;
    this.#tracker.end(cut);
    this.#rois.reset();
  }

  /**
   * The numbers and faces to read, in the order of the numbers.
   *
   * @param {Picture} picture
   * @param {number} timestamp
   * @param {Face[]} found
   */
  #track(picture, timestamp, found) {
    const numbers = this.#tracker.update(found, timestamp, {
      descriptors: describe(picture, found),
      size: [picture.width, picture.height],
      stands: this.#stands,
      portray: (face) => portray(picture, face),
    });
    const kept = [...numbers.keys()].filter((index) => numbers[index] !== UNCONFIRMED);
    kept.sort((a, b) => numbers[a] - numbers[b]);
    return { ids: kept.map((index) => numbers[index]), faces: kept.map((index) => found[index]) };
  }

  /**
   * @param {Uint8Array} crops
   * @param {number} count
   * @returns {Promise<Float32Array[]>} what each face may show
   */
  async #classify(crops, count) {
    if (count === 0) return [];
    const { classifier, labels, other } = this.#bundle;
    const flat = await classifier(crops, count);
    const width = labels.length + Number(other);
    if (flat.length !== count * width) {
      throw new Error(`the model gave ${flat.length} probabilities for ${count} faces, not ${count * width}`);
    }
    return Array.from({ length: count }, (_, n) => flat.subarray(n * width, (n + 1) * width));
  }

  /**
   * @param {number} timestamp
   * @param {number} trackId
   * @param {Face} face
   * @param {QualityFacts} quality
   * @param {Float32Array} outcomes
   * @returns {FaceFacts}
   */
  #read(timestamp, trackId, face, quality, outcomes) {
    const doubt = quality.issues.find((issue) => DOUBTFUL.has(issue)) ?? null;
    const { read, usual } = this.#usual.read(trackId, outcomes, timestamp, quality);
    const smoothed = this.#smoother.update(trackId, read, timestamp, { doubt, stands: this.#stands });
    const { probabilities, other } = this.#parted(smoothed.probabilities);
    const { labels } = this.#bundle;
    const index = smoothed.labelIndex;
    return {
      track_id: trackId,
      box: face.box,
      score: face.score,
      landmarks: face.landmarks,
      label: index === null ? null : labels[index],
      reason: smoothed.reason,
      confidence: index === null ? Math.max(...probabilities) : probabilities[index],
      other,
      probabilities: named(labels, probabilities),
      raw: named(labels, this.#parted(outcomes).probabilities),
      quality,
      usual,
    };
  }

  /** @param {Float32Array} outcomes */
  #parted(outcomes) {
    const parted = split(outcomes, this.#bundle.other);
    const total = parted.probabilities.reduce((a, b) => a + b, 0);
    if (!(Math.abs(total - 1) <= SUM_TOLERANCE && parted.other >= -SUM_TOLERANCE)) {
      throw new Error(`the model's probabilities must sum to one, got ${outcomes.join(", ")}`);
    }
    return parted;
  }
}

/**
 * @param {string[]} labels
 * @param {Float32Array} probabilities
 */
function named(labels, probabilities) {
  return Object.fromEntries(labels.map((label, i) => [label, probabilities[i]]));
}

/** Seconds per stage, from the end of the one before. */
class Stopwatch {
  /** @type {Record<string, number>} */
  seconds = {};
  #since = performance.now();

  /** @param {string} stage */
  stop(stage) {
    const now = performance.now();
    this.seconds[stage] = (now - this.#since) / 1000;
    this.#since = now;
  }
}
