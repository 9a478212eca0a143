// @ts-check
// Says by ear which look has come: by a quiet tone or by spoken words, for whoever asked for it.

import { lookFor, sentenceFor, wordFor } from "../core/sayings.js";
import { settings } from "../core/settings.js";
import { tell, words } from "../core/words.js";
import { Announcer } from "./announcer.js";
import { Speech } from "./speech.js";
import { figureOf, Tones } from "./tones.js";

export class Voice {
  // Elements of the settings: what is there only with a sound (`more`), what stands in the way of one,
  // the button that tries one, and which it was.
  constructor({ more, problem, trial, tried }) {
    this.more = more;
    this.tried = tried;
    this.labels = [];
    this.announcer = new Announcer();
    this.tones = new Tones();
    this.speech = new Speech(() => tell(problem, () => this.#problem()));
    this.next = 0; // the label that is tried next
    tell(problem, () => this.#problem());
    trial.addEventListener("click", () => this.#try());
    settings.onChange(() => this.#choose());
    this.#choose();
    for (const gesture of ["click", "keydown"]) addEventListener(gesture, () => this.#wake());
    document.addEventListener("visibilitychange", () => document.hidden && this.stop());
    addEventListener("pagehide", () => this.stop());
  }

  // The labels that the server's model knows.
  setLabels(labels) {
    this.labels = labels;
  }

  /**
   * Takes the label of each face in view, null where there is doubt, by the person's number.
   *
   * @param {Map<any, string | null>} labels
   * @param {number} now
   */
  hear(labels, now) {
    const { sound, nearest } = settings.values;
    if (sound === "off") return;
    // The one large word is one thing, whoever it is about.
    const present = nearest ? new Map([...labels.values()].map((label) => ["nearest", label])) : labels;
    const id = this.announcer.due(present, now, (label) => !settings.sounds(label));
    if (id === undefined || this.sounding) return;
    this.announcer.tell(id, now);
    const label = present.get(id) ?? null;
    const look = nearest ? wordFor(label) : lookFor(label);
    this.#sound(label, present.size > 1 ? sentenceFor(id, look) : look);
  }

  // Another stream, or none: silence, and nobody is known.
  reset() {
    this.announcer.reset();
    this.stop();
  }

  stop() {
    this.sounding = null;
    this.speech.stop();
    this.tones.stop();
  }

  #sound(label, text) {
    const { sound, volume } = settings.values;
    this.stop();
    const turn = {};
    this.sounding = turn;
    const end = () => {
      if (this.sounding === turn) this.sounding = null;
    };
    const plays =
      sound === "tone"
        ? this.tones.play(figureOf(label), volume / 100, end)
        : this.speech.speak(text, document.documentElement.lang, volume / 100, end);
    if (!plays) end();
    return plays;
  }

  // One look at each press, so that all can be learnt.
  async #try() {
    const labels = this.labels.filter((label) => settings.sounds(label));
    if (!labels.length) return tell(this.tried, () => words.sound.none);
    const label = labels[this.next++ % labels.length];
    await this.#wake();
    const plays = this.#sound(label, lookFor(label));
    return tell(this.tried, () => (plays ? lookFor(label) : words.sound.failed));
  }

  async #wake() {
    if (settings.values.sound === "tone" && this.tones.possible) await this.tones.wake().catch(() => {});
  }

  #choose() {
    const { sound } = settings.values;
    this.more.hidden = sound === "off";
    if (sound === this.chosen) return;
    const byUser = this.chosen !== undefined;
    this.chosen = sound;
    this.reset();
    if (sound !== "tone") this.tones.close();
    else if (byUser) this.#wake();
    tell(this.tried, () => "");
  }

  // What stands in the way of the sound that was chosen.
  #problem() {
    const { sound } = settings.values;
    if (sound === "tone" && !this.tones.possible) return words.sound.noTones;
    if (sound !== "words") return "";
    if (!this.speech.possible) return words.sound.noSpeech;
    return this.speech.voice(document.documentElement.lang) ? "" : words.sound.noVoice;
  }
}
