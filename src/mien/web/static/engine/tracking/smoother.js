// @ts-check
// The twin of mien/tracking/smoother.py: steady words from shaky numbers, for each face by itself and
// in seconds of stream time.

import { doubt as doubtOf, isSure, needed, split, sum } from "../models/decision.js";

/**
 * @typedef {NonNullable<import("../../generated/messages.js").FaceFacts["reason"]>} Reason
 *
 * @typedef {import("../../generated/messages.js").QualityFacts["issues"][number]} QualityIssue
 *
 * @typedef {object} Said a class, or why there is none
 * @property {number | null} index
 * @property {Reason | null} reason
 *
 * @typedef {object} Smoothed
 * @property {Float32Array} probabilities averaged over the last moments, something else last; they
 *   sum to one
 * @property {number | null} labelIndex the class to show; null for "not sure"
 * @property {Reason | null} reason why it is not sure; null where a label is shown
 * @property {number | null} ownIndex the class that the probabilities say by themselves, whether or
 *   not it is shown yet; null for "not sure"
 * @property {Reason | null} ownReason why they say none
 *
 * @typedef {object} State
 * @property {Float64Array} mean
 * @property {number} time
 * @property {Held<number | null>} label
 * @property {Held<Reason | null>} reason
 */

// A shown label is dropped only this far below the probability that it needed to be shown, so that a
// face on the edge does not alternate between a word and "not sure".
const NOT_SURE_MARGIN = 0.1;
export const TIME_CONSTANT = 0.05;
export const HOLD = 0.2;
export const HOLD_UNSURE = 0.6;
// Times of frames are rounded: six steps of a thirtieth of a second are a little less than 0.2.
const ROUNDING = 1e-6;

/**
 * What is shown, and what will be once it has lasted.
 *
 * @template T
 */
class Held {
  #held = 0;

  /** @param {T} shown */
  constructor(shown) {
    this.shown = shown;
    this.candidate = shown;
  }

  /**
   * @param {T} candidate
   * @param {number} step
   * @param {number} hold
   * @param {number} stands
   */
  advance(candidate, step, hold, stands) {
    // Held from its first sight on: what the face did while it was unseen is not known. Where
    // frames are few, the first one has lasted by itself.
    this.#held = candidate === this.candidate ? this.#held + step : stands;
    this.candidate = candidate;
    if (candidate !== this.shown && this.#held >= hold - ROUNDING) this.shown = candidate;
  }
}

/**
 * Averages each face's probabilities and changes its label only for good reason.
 *
 * Another label is shown once it has been the best for `hold` seconds without a break, and "not sure"
 * after `holdUnsure`; the first sight of a face shows at once.
 */
export class Smoother {
  /** @type {Map<number, State>} */
  #states = new Map();
  #notSureBelow;
  #other;
  #timeConstant;
  #hold;
  #holdUnsure;

  /**
   * @param {object} settings
   * @param {number} settings.notSureBelow probability of being right that a label needs to be shown
   * @param {boolean} [settings.other] whether the last of the probabilities is something else than a label
   * @param {number} [settings.timeConstant] seconds after which a reading counts for 1/e; 0 for no averaging
   * @param {number} [settings.hold] seconds for which another label must be the best before it is shown
   * @param {number} [settings.holdUnsure] seconds for which none may be sure before "not sure" is shown
   */
  constructor({
    notSureBelow,
    other = false,
    timeConstant = TIME_CONSTANT,
    hold = HOLD,
    holdUnsure = HOLD_UNSURE,
  }) {
    this.#notSureBelow = notSureBelow;
    this.#other = other;
    this.#timeConstant = timeConstant;
    this.#hold = hold;
    this.#holdUnsure = holdUnsure;
  }

  /**
   * Takes one reading of one face.
   *
   * @param {number} trackId whose it is
   * @param {Float32Array} probabilities of this frame, something else last; they sum to one
   * @param {number} timestamp seconds of stream time; where it does not advance, no time has passed
   * @param {object} [told]
   * @param {QualityIssue | null} [told.doubt] why the face cannot be seen well enough: be "not sure",
   *   whatever was read, once that has held
   * @param {number} [told.stands] for how many seconds each frame stands; from `hold` on, one is
   *   enough for another label
   * @returns {Smoothed}
   */
  update(trackId, probabilities, timestamp, { doubt = null, stands = 0 } = {}) {
    let state = this.#states.get(trackId);
    if (state === undefined) {
      state = this.#start(probabilities, timestamp, doubt);
      this.#states.set(trackId, state);
    } else {
      const lasting = stands >= this.#hold - ROUNDING ? stands : 0;
      this.#advance(state, probabilities, timestamp, doubt, lasting);
    }
    const total = sum(state.mean);
    const mean = Float32Array.from(state.mean, (value) => value / total);
    const label = state.label.shown;
    const own = this.#read(mean, doubt);
    return {
      probabilities: mean,
      labelIndex: label,
      reason: label === null ? state.reason.shown : null,
      ownIndex: own.index,
      ownReason: own.reason,
    };
  }

  /**
   * Forgets all faces but these.
   *
   * @param {Set<number>} trackIds
   */
  keep(trackIds) {
    for (const key of this.#states.keys()) if (!trackIds.has(key)) this.#states.delete(key);
  }

  /** Forgets all faces. */
  reset() {
    this.#states.clear();
  }

  /** @returns {State} */
  #start(probabilities, timestamp, doubt) {
    const mean = Float64Array.from(probabilities);
    const { index, reason } = this.#decide(mean, null, doubt);
    return { mean, time: timestamp, label: new Held(index), reason: new Held(reason) };
  }

  /**
   * @param {State} state
   * @param {Float32Array} probabilities
   * @param {number} timestamp
   * @param {QualityIssue | null} doubt
   * @param {number} stands
   */
  #advance(state, probabilities, timestamp, doubt, stands) {
    const step = Math.max(0, timestamp - state.time);
    state.time = timestamp;
    const weight = this.#weight(step);
    state.mean.forEach((value, i) => {
      state.mean[i] = value + weight * (probabilities[i] - value);
    });
    const before = state.label.shown;
    const { index, reason } = this.#decide(state.mean, before, doubt);
    const hold = index === null ? this.#holdUnsure : this.#hold;
    state.label.advance(index, step, hold, stands);
    if (before !== null) state.reason = new Held(reason);
    else if (index === null) state.reason.advance(reason, step, this.#holdUnsure, stands);
  }

  #weight(step) {
    return this.#timeConstant === 0 ? 1 : -Math.expm1(-step / this.#timeConstant);
  }

  /**
   * What to show next, or why nothing.
   *
   * @param {Float64Array} mean
   * @param {number | null} shown
   * @param {QualityIssue | null} doubt
   */
  #decide(mean, shown, doubt) {
    const read = this.#read(mean, doubt);
    if (read.index !== null || doubt !== null || shown === null) return read;
    const { other } = split(mean, this.#other);
    const least = needed(mean, other, this.#notSureBelow) - NOT_SURE_MARGIN;
    return mean[shown] >= least ? { index: shown, reason: null } : read;
  }

  /**
   * What probabilities say by themselves, or why nothing.
   *
   * @param {Float32Array | Float64Array} mean
   * @param {QualityIssue | null} doubt
   * @returns {Said}
   */
  #read(mean, doubt) {
    if (doubt !== null) return { index: null, reason: doubt };
    const { probabilities, other } = split(mean, this.#other);
    if (isSure(probabilities, other, this.#notSureBelow)) {
      return { index: probabilities.indexOf(Math.max(...probabilities)), reason: null };
    }
    return { index: null, reason: doubtOf(probabilities, other) };
  }
}
