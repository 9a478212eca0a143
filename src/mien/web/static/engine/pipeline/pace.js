// @ts-check
// The twin of mien/pipeline/pace.py: how far apart the frames of a stream are, and so for how long
// each of them stands.

// One gap in a quick stream does not make it slow.
const STEPS = 3;

/** Measures the steps from frame to frame of one stream. */
export class Pace {
  /** @type {number[]} */
  #steps = [];
  /** @type {number | null} */
  #time = null;

  /** Begins another stream. */
  reset() {
    this.#steps = [];
    this.#time = null;
  }

  /**
   * Takes a frame; returns for how many seconds each one stands now: the shortest of the last steps,
   * 0 for a first frame.
   *
   * @param {number} timestamp seconds of stream time
   */
  take(timestamp) {
    if (this.#time !== null) {
      this.#steps = [...this.#steps, Math.max(0, timestamp - this.#time)].slice(-STEPS);
    }
    this.#time = timestamp;
    return this.#steps.length ? Math.min(...this.#steps) : 0;
  }
}
