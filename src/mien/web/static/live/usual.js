// @ts-check
// "This is my usual face": learnt of one person in view, and how far that is, in the list of faces. The
// engine keeps it for as long as its stream lasts; the page keeps nothing, since another light is another face.

import { $ } from "../core/dom.js";
import { personFor } from "../core/sayings.js";
import { fill, tell, words } from "../core/words.js";

/** @typedef {import("../generated/messages.js").FaceFacts["usual"]} State */

const PATIENCE_MS = 1000;

export class Usual {
  /** @type {(id: number, learn: boolean) => void} has the engine learn it, or read as before */
  ask = () => {};
  offered = false; // by the model that reads
  /** @type {Map<number, Line>} */
  #lines = new Map();
  #choosing = false;
  #still = false;
  /** @type {Map<number, number>} when those were seen last who are being learnt, whether they are listed or not */
  #learnt = new Map();
  /** @type {number | "over" | null} who was out of view before that had come to its end; or that it ended for all */
  #left = null;

  constructor() {
    this.button = $("usual");
    this.spoken = $("usual-spoken");
    this.button.addEventListener("click", () => this.#press());
    $("usual-left-close").addEventListener("click", () => {
      this.#focus();
      this.#tellLeft(null);
    });
  }

  // Shows the button where there is something to learn from.
  offer({ still = this.#still, offered = this.offered }) {
    Object.assign(this, { offered });
    this.#still = still;
    this.button.hidden = still || !offered;
    this.#choose(false);
  }

  /**
   * The line of a person who has come into view.
   *
   * @param {number} number
   */
  line(number) {
    const line = new Line(number, (learn) => this.#ask(number, learn));
    this.#lines.set(number, line);
    line.choose(this.#choosing);
    return line;
  }

  /**
   * @param {number} number
   * @param {State} state
   */
  show(number, state) {
    const line = this.#lines.get(number);
    if (line?.show(state))
      this.spoken.textContent = fill(words.usual.said, { person: personFor(number), text: line.text });
  }

  /** @param {number} number who is not listed any more */
  leave(number) {
    this.#lines.delete(number);
  }

  /**
   * Sees who of those that are being learnt is in view: who comes back under another number is not learnt on.
   *
   * @param {{ track_id: number, usual: State }[]} faces all that are in view
   */
  see(faces) {
    const now = performance.now();
    for (const { track_id, usual } of faces) {
      if (usual?.state === "learning") this.#learnt.set(track_id, now);
      else if (usual || this.#isLate(track_id, now)) this.#learnt.delete(track_id);
      if (this.#left === track_id) this.#tellLeft(null);
    }
    for (const number of this.#learnt.keys()) if (this.#isLate(number, now)) this.#tellLeft(number);
  }

  // Another stream begins, or none: its people are others.
  reset() {
    this.#learnt.clear();
    this.#tellLeft(null);
  }

  #isLate(number, now) {
    return now - (this.#learnt.get(number) ?? now) > PATIENCE_MS;
  }

  // Whether anybody's is learnt, or taken into account.
  get busy() {
    return this.#learnt.size > 0 || [...this.#lines.values()].some((line) => line.text);
  }

  // Another model reads, which knows nobody's.
  end() {
    this.#tellLeft("over");
  }

  /** @param {number | "over" | null} left */
  #tellLeft(left) {
    if (left === this.#left) return;
    this.#left = left;
    if (typeof left === "number") this.#learnt.delete(left);
    $("usual-left").hidden = left === null;
    this.#retell();
    if (left !== null) this.spoken.textContent = this.#leftText();
  }

  #retell() {
    tell($("usual-left-text"), () => this.#leftText());
  }

  #leftText() {
    if (this.#left === "over") return words.usual.over;
    return this.#left === null ? "" : fill(words.usual.left, { person: personFor(this.#left) });
  }

  // After a change of the language, or of a name.
  tell() {
    for (const line of this.#lines.values()) line.tell();
    this.#retell();
  }

  // Of one face there is nothing to choose.
  #press() {
    const [only, ...others] = this.#lines.keys();
    if (this.#choosing) this.#choose(false);
    else if (only !== undefined && !others.length) this.#ask(only, true);
    else this.#choose(true);
  }

  #ask(number, learn) {
    this.#tellLeft(null);
    if (learn) this.#learnt.set(number, performance.now());
    else this.#learnt.delete(number);
    if (learn) this.#lines.get(number)?.begin();
    else this.#focus();
    this.#choose(false);
    this.ask(number, learn);
  }

  // What had the focus goes.
  #focus() {
    (this.button.offsetParent ? this.button : $("tools-open")).focus();
  }

  #choose(choosing) {
    this.#choosing = choosing;
    this.button.setAttribute("aria-pressed", String(choosing));
    for (const line of this.#lines.values()) line.choose(choosing);
    if (choosing) this.spoken.textContent = this.#lines.size ? words.usual.whose : words.noFace;
  }
}

/** What is said of one person's usual face, and what can be done about it. */
class Line {
  /** @type {State} */
  #state = null;
  #choosing = false;
  #until = -Infinity; // when the engine has had time enough to begin

  /**
   * @param {number} number
   * @param {(learn: boolean) => void} ask
   */
  constructor(number, ask) {
    this.number = number;
    this.element = make("span", "usual");
    this.progress = make("progress", "usual-progress");
    this.said = make("span", "usual-text");
    this.act = make("button", "button small");
    this.again = make("button", "button small");
    for (const button of [this.act, this.again]) button.type = "button";
    this.act.addEventListener("click", () => ask(this.#state === null));
    this.again.addEventListener("click", () => ask(true));
    this.element.append(this.said, this.progress, this.again, this.act);
    this.tell();
  }

  get text() {
    return this.#state ? words.usual[this.#state.state] : "";
  }

  /** @param {boolean} choosing whether somebody is being chosen */
  choose(choosing) {
    this.#choosing = choosing;
    this.tell();
  }

  // It has been asked for: whatever is on its way says nothing of that yet.
  begin() {
    this.#until = performance.now() + PATIENCE_MS;
    this.#state = { state: "learning", share: 0 };
    this.progress.value = 0;
    this.tell();
  }

  /**
   * Shows a state; returns whether it is another one.
   *
   * @param {State} state
   */
  show(state) {
    if (state?.state === "learning") this.#until = -Infinity;
    else if (performance.now() < this.#until) return false;
    const other = state?.state !== this.#state?.state;
    this.#state = state;
    if (state) this.progress.value = state.share;
    if (other) this.tell();
    return other && state !== null;
  }

  tell() {
    const state = this.#state?.state;
    const failed = state === "few" || state === "unsteady";
    this.element.hidden = !state && !this.#choosing;
    this.element.dataset.state = state ?? "none";
    this.said.textContent = this.text;
    this.progress.hidden = state !== "learning";
    this.progress.setAttribute("aria-label", words.usual.title);
    this.again.hidden = !failed;
    this.again.textContent = words.usual.again;
    const { choose, stop, back, close } = words.usual;
    const person = personFor(this.number);
    this.act.textContent = failed
      ? close
      : ({ learning: stop, on: back }[state ?? ""] ?? fill(choose, { person }));
  }
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 */
function make(tag, className) {
  return Object.assign(document.createElement(tag), { className });
}
