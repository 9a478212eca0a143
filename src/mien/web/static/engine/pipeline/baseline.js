// @ts-check
// The twin of mien/pipeline/baseline.py, which says why: somebody's usual face, learnt in seconds, and taken
// off what is read of them.

/**
 * @typedef {NonNullable<import("../../generated/messages.js").FaceFacts["usual"]>} UsualFace
 *
 * @typedef {"few" | "unsteady"} Problem
 *
 * @typedef {object} Learning
 * @property {number | null} start
 * @property {Moments} moments
 */

export const SECONDS = 10; // how long a usual face is learnt
const MOMENT = 1; // what is seen within so many seconds counts once
const FEWEST = 3; // fewer moments than this say too little
const PRIOR = 3; // with so many the own mean counts as much as what is known of faces in general...
const MOST = 0.5; // ...and more of them do not make it count for more
const UNSTEADY = 0.2; // how far, on average, moments may be from their mean
const LEAST = 1e-6; // below this, probabilities are alike

/** @param {number} share */
function log(share) {
  return Math.log(Math.max(share, LEAST));
}

/** What was read of one face, moment by moment. */
class Moments {
  /** @type {{ sum: Float64Array, count: number }[]} */
  #all = [];
  #began = -Infinity;

  /**
   * Takes one reading of a face that can be seen well.
   *
   * @param {Float32Array} outcomes as the classifier gave them
   * @param {number} timestamp seconds of stream time
   */
  add(outcomes, timestamp) {
    const passed = timestamp - this.#began;
    if (!(passed >= 0 && passed < MOMENT)) {
      this.#began = timestamp;
      this.#all.push({ sum: new Float64Array(outcomes.length), count: 0 });
    }
    const last = this.#all[this.#all.length - 1];
    outcomes.forEach((share, i) => {
      last.sum[i] += log(share);
    });
    last.count += 1;
  }

  /**
   * Why these moments tell no usual face, if they do not.
   *
   * @returns {Problem | null}
   */
  problem() {
    if (this.#all.length < FEWEST) return "few";
    return unsteadiness(this.#means()) > UNSTEADY ? "unsteady" : null;
  }

  /**
   * What is to be taken off the logarithms of this person's readings.
   *
   * @param {number[]} reference the mean logarithms of neutral faces in general
   */
  offset(reference) {
    const count = this.#all.length;
    const weight = Math.min(MOST, count / (count + PRIOR));
    const means = mean(this.#means());
    return means.map((value, i) => weight * (value - reference[i]));
  }

  #means() {
    return this.#all.map(({ sum, count }) => sum.map((value) => value / count));
  }
}

/**
 * @param {Float64Array[]} rows
 * @returns {Float64Array} the mean of each column
 */
function mean(rows) {
  return rows[0].map((_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);
}

/**
 * How far moments are from their mean, 0 to 1.
 *
 * @param {Float64Array[]} means logarithms
 */
function unsteadiness(means) {
  const shares = means.map((row) => shared(row.map(Math.exp)));
  const middle = mean(shares);
  const far = shares.map((row) => row.reduce((sum, value, i) => sum + Math.abs(value - middle[i]), 0));
  return far.reduce((a, b) => a + b, 0) / far.length / 2;
}

/** @param {Float64Array} values */
function shared(values) {
  const total = values.reduce((a, b) => a + b, 0);
  return values.map((value) => value / total);
}

/** The usual faces of the people of one stream, by their numbers, in memory only. */
export class UsualFaces {
  #reference;
  /** @type {Map<number, Float64Array>} */
  #offsets = new Map();
  /** @type {Map<number, Learning>} */
  #learning = new Map();
  /** @type {Map<number, Problem>} */
  #problems = new Map();

  /**
   * @param {number[] | null} reference the mean logarithms of neutral faces in general; null where the model
   *   can be shown no usual face
   */
  constructor(reference) {
    this.#reference = reference;
  }

  /** Forgets all: the numbers mean other people from now on. */
  reset() {
    for (const kept of [this.#offsets, this.#learning, this.#problems]) kept.clear();
  }

  /**
   * Begins to learn somebody's usual face, anew where it is known; for `SECONDS` from now.
   *
   * @param {number} trackId
   */
  learn(trackId) {
    this.forget(trackId);
    if (this.#reference) this.#learning.set(trackId, { start: null, moments: new Moments() });
  }

  /**
   * Reads somebody like anybody again, and learns nothing more of them.
   *
   * @param {number} trackId
   */
  forget(trackId) {
    for (const kept of [this.#offsets, this.#learning, this.#problems]) kept.delete(trackId);
  }

  /**
   * One reading beside the person's usual face, and what there is of that.
   *
   * @param {number} trackId whose reading it is
   * @param {Float32Array} outcomes as the classifier gave them
   * @param {number} timestamp seconds of stream time
   * @param {import("../../generated/messages.js").QualityFacts} quality what has issues is not learnt from
   * @returns {{ read: Float32Array, usual: UsualFace | null }}
   */
  read(trackId, outcomes, timestamp, quality) {
    const learning = this.#learning.get(trackId);
    if (learning && this.#goesOn(trackId, learning, timestamp) && !quality.issues.length) {
      learning.moments.add(outcomes, timestamp);
    }
    const offset = this.#offsets.get(trackId);
    const read = offset ? corrected(outcomes, offset) : outcomes;
    return { read, usual: this.#state(trackId, timestamp) };
  }

  /**
   * @param {number} trackId
   * @param {Learning} learning
   * @param {number} timestamp
   */
  #goesOn(trackId, learning, timestamp) {
    if (learning.start === null || timestamp < learning.start) {
      Object.assign(learning, { start: timestamp, moments: new Moments() });
    }
    if (timestamp - Number(learning.start) < SECONDS) return true;
    this.#learning.delete(trackId);
    const problem = learning.moments.problem();
    if (problem) this.#problems.set(trackId, problem);
    else if (this.#reference) this.#offsets.set(trackId, learning.moments.offset(this.#reference));
    return false;
  }

  /**
   * @param {number} trackId
   * @param {number} timestamp
   * @returns {UsualFace | null}
   */
  #state(trackId, timestamp) {
    const start = this.#learning.get(trackId)?.start ?? null;
    if (start !== null) return { state: "learning", share: (timestamp - start) / SECONDS };
    if (this.#offsets.has(trackId)) return { state: "on", share: 1 };
    const problem = this.#problems.get(trackId);
    return problem ? { state: problem, share: 1 } : null;
  }
}

/**
 * A reading beside somebody's usual face; sums to one.
 *
 * @param {Float32Array} outcomes
 * @param {Float64Array} offset
 */
function corrected(outcomes, offset) {
  return Float32Array.from(shared(offset.map((off, i) => Math.exp(log(outcomes[i]) - off))));
}
