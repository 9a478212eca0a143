// @ts-check
// The live view: which show is on, and in which state.
//
//     off ──start──▶ opening ──▶ running ◀──togglePause──▶ paused
//      ▲                │         │   ▲                       │
//      │                │        end again                    │
//      │                │         ▼   │                       │
//      └──────stop──────┴─────────done────────────────────────┘
//
// A show that a pause has closed is opening once more when it goes on. What has come to its end stays to be
// seen until it is shown again or closed.

import { fill, words } from "../core/words.js";
import { ShowError } from "./shows/show.js";

/**
 * @typedef {"off" | "opening" | "running" | "paused" | "done"} State
 * @typedef {import("./shows/show.js").Show} Show
 *
 * @typedef {object} Parts
 * @property {import("./stage.js").Stage} stage
 * @property {import("../shell/status.js").Status} status
 * @property {import("../core/talk.js").Talk} connection
 * @property {import("./shows/feed.js").Feed} feed
 * @property {() => void} onStart is called before a show is opened
 * @property {() => void} onStop is called after it has ended
 */

const USES_SPACE = "button, input, select, textarea, summary, dialog";

export class Live {
  /** @type {State} */
  state = "off";
  /** @type {Show | null} */
  show = null; // what is on
  /** @type {object | null} */
  stream = null; // what the server knows the pictures by that come now: a new object for each stream

  /** @param {Parts} parts */
  constructor({ stage, status, connection, feed, onStart, onStop }) {
    this.stage = stage;
    this.status = status;
    this.connection = connection;
    this.feed = feed;
    this.onStart = onStart;
    this.onStop = onStop;
    stage.timeline.onJump = (place) => this.show?.jump(place);
    addEventListener("keydown", (event) => this.#obey(event));
    document.addEventListener("visibilitychange", () => this.#turn());
  }

  // The user wants a rest, or looks at another tab.
  get rests() {
    return this.state === "paused" || this.#unseen;
  }

  // Nothing is read.
  get halted() {
    return this.state !== "running" || this.#unseen || Boolean(this.show?.busy);
  }

  get #unseen() {
    return document.hidden && !this.show?.goesOnUnseen;
  }

  /**
   * Shows something, in place of what is on. Returns whether it could be opened; not where nothing is read any more.
   *
   * @param {Show} show
   */
  start(show) {
    this.stop();
    if (this.connection.gone) return false; // why, is said all the while
    this.show = show;
    this.status.clear();
    this.onStart();
    this.stage.offer(show);
    return this.#open(show);
  }

  stop() {
    const { show } = this;
    if (!show) return;
    show.stop();
    this.#leave();
    this.stage.stop();
    this.show = null;
    this.#setState("off");
    this.stage.timeline.end();
    this.stage.floating.close();
    this.onStop();
    show.button().focus();
  }

  /** @param {string | (() => string)} text */
  fail(text) {
    this.stop();
    this.status.say(text);
  }

  // All of the show has been shown: its last picture stays, and what was said of it.
  end() {
    const { show } = this;
    if (!show || this.state === "done") return;
    this.#setState("done");
    this.status.say(() => fill(words.ended, { name: show.name }));
  }

  // Shows it once more, from its beginning or from another place.
  again() {
    const { show } = this;
    if (this.state !== "done" || !show) return;
    this.status.clear();
    this.#setState("running");
    show.again();
  }

  togglePause() {
    if (!this.show) return;
    if (this.state === "paused") this.#resume(this.show);
    else if (this.state === "done") this.again();
    else this.#pause(this.show);
  }

  // Other people are in the picture, after a jump: they are counted anew.
  renew() {
    this.connection.stop();
    if (this.show) this.#begin(this.show);
  }

  // The show is another one now, and has to be opened.
  change() {
    this.status.clear();
    this.#leave();
    if (this.show && this.state !== "paused") this.#open(this.show);
  }

  // The server is there, again: it knows of no stream.
  greet() {
    if (!this.show) return;
    if (this.show.isOpen) {
      this.#begin(this.show);
      return;
    }
    this.stream = null;
    if (this.state === "paused") this.stage.rest();
  }

  // The server is lost, and what was on its way.
  lose() {
    if (this.stream) this.stream = {};
    this.feed.begin();
    this.show?.lose();
    this.stage.stop();
  }

  /** @param {Show} show */
  async #open(show) {
    this.stage.stop();
    this.#setState("opening");
    try {
      if (!(await show.open()) || show !== this.show) return false;
    } catch (error) {
      if (!(error instanceof ShowError)) throw error;
      this.fail(error.text);
      return false;
    }
    if (this.state === "opening") this.#setState("running"); // it may have been paused meanwhile
    if (this.stream) this.#goOn(show);
    else this.#begin(show);
    return true;
  }

  /**
   * Begins a stream, or begins it again after the server was lost.
   *
   * @param {Show} show
   */
  #begin(show) {
    this.stream = {};
    this.feed.begin();
    this.stage.begin(show);
    this.#see(show);
    show.begin();
  }

  // Ends the stream. Whatever of it is on its way is left out.
  #leave() {
    this.connection.stop();
    this.stream = null;
    this.feed.begin();
  }

  /** @param {Show} show */
  #pause(show) {
    this.#setState("paused");
    show.pause();
    this.stage.rest();
  }

  /** @param {Show} show */
  #resume(show) {
    if (show.needsOpening) {
      this.#open(show);
      return;
    }
    if (!show.isOpen) {
      this.#setState("opening"); // it has been all the while
      this.stage.stop();
      return;
    }
    this.#setState("running");
    show.resume();
    this.#goOn(show);
  }

  /** @param {Show} show */
  #goOn(show) {
    this.#see(show);
    if (!this.halted) show.goOn();
  }

  /** @param {Show} show */
  #see(show) {
    this.stage.describe(show);
    this.stage.start(show);
    if (this.state === "paused") this.stage.rest();
  }

  // The tab has come in sight, or gone out of it.
  #turn() {
    this.show?.turn();
    if (this.show && !this.halted) this.show.goOn();
  }

  /** @param {State} state */
  #setState(state) {
    this.state = state;
    this.stage.setState(state);
    if (this.show) this.stage.describe(this.show);
  }

  /** @param {KeyboardEvent} event */
  #obey(event) {
    const { key, repeat, altKey, ctrlKey, metaKey, shiftKey, target } = event;
    if (key !== " " || repeat || altKey || ctrlKey || metaKey || shiftKey) return;
    if (!this.show || this.show.still || usesSpace(target)) return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    this.togglePause();
  }
}

// Whether Space belongs to what has the focus.
/** @param {EventTarget | null} target */
function usesSpace(target) {
  return target instanceof Element && target.closest(USES_SPACE) !== null;
}
