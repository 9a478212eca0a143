// @ts-check
// One small figure of tones per look, told apart by how it moves and not only by how high it is. All
// are short and soft, and none is an alarm: angry is two low, even notes.

import { kindOf, rowOf } from "../core/looks.js";

const BASE = 330; // hertz
const LENGTH = 0.38; // seconds, of the whole figure
const RISE = 0.03; // seconds in which each note comes,
const FALL = 0.06; // and goes
const CUT = 0.02; // time constant in seconds, of a figure that is cut short: no click
const LOUDEST = 0.3; // of full scale

// The notes of a label in semitones from BASE, of equal length; a pair glides from the one to the other.
export function figureOf(label) {
  return rowOf(kindOf(label)).tone;
}

export class Tones {
  get possible() {
    return typeof AudioContext === "function";
  }

  // A browser lets a page sound only after its user has done something there: call this when they do.
  async wake() {
    this.context ??= new AudioContext();
    await this.context.resume();
  }

  // Plays a figure at a volume from 0 to 1, then calls `onEnd`. Returns whether it plays: where the
  // browser lets nothing sound it is left out, not put off.
  play(figure, volume, onEnd) {
    const { context } = this;
    if (context?.state !== "running") return false;
    this.stop();
    const [tone, gain] = [context.createOscillator(), context.createGain()];
    const level = gain.gain;
    const peak = LOUDEST * volume ** 2; // the ear hears ratios
    const length = LENGTH / figure.length;
    const start = context.currentTime;
    figure.forEach((note, i) => {
      const [from, to] = [note].flat();
      const [begin, end] = [start + i * length, start + (i + 1) * length];
      tone.frequency.setValueAtTime(hertz(from), begin);
      if (to !== undefined) tone.frequency.exponentialRampToValueAtTime(hertz(to), end);
      level.setValueAtTime(0, begin);
      level.linearRampToValueAtTime(peak, begin + RISE);
      level.setValueAtTime(peak, end - FALL);
      level.linearRampToValueAtTime(0, end);
    });
    tone.type = "triangle";
    tone.connect(gain);
    gain.connect(context.destination);
    tone.addEventListener("ended", onEnd);
    tone.start(start);
    tone.stop(start + LENGTH);
    this.playing = { tone, level };
    return true;
  }

  stop() {
    if (!this.playing) return;
    const { tone, level } = this.playing;
    const now = this.context.currentTime;
    level.cancelScheduledValues(now);
    level.setTargetAtTime(0, now, CUT);
    tone.stop(now + 5 * CUT);
    this.playing = null;
  }

  // Gives the loudspeaker back.
  close() {
    this.playing = null;
    this.context?.close();
    this.context = null;
  }
}

function hertz(semitones) {
  return BASE * 2 ** (semitones / 12);
}
