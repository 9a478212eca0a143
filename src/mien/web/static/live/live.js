// The live view: which show is on, and in which state.
//
//     off ──start──▶ opening ──▶ running ◀──togglePause──▶ paused
//      ▲                │           │                         │
//      └──────stop──────┴───────────┴─────────────────────────┘
//
// A show that a pause has closed is opening once more when it goes on.

import { fill, words } from "../core/words.js";
import { ShowError } from "./shows/show.js";

const USES_SPACE = "button, input, select, textarea, summary, dialog";

export class Live {
  state = "off";
  show = null; // what is on
  stream = null; // what the server knows the pictures by that come now: a new object for each stream

  // `onStart` is called before a show is opened, `onStop` after it has ended.
  constructor({ stage, status, connection, feed, onStart, onStop }) {
    Object.assign(this, { stage, status, connection, feed, onStart, onStop });
    addEventListener("keydown", (event) => this.#obey(event));
    document.addEventListener("visibilitychange", () => this.#turn());
  }

  // The user wants a rest, or looks at another tab.
  get rests() {
    return this.state === "paused" || document.hidden;
  }

  // Nothing is read.
  get halted() {
    return this.state !== "running" || document.hidden || this.show.busy;
  }

  // Shows something, in place of what is on. Returns whether it could be opened.
  start(show) {
    this.stop();
    this.show = show;
    this.status.clear();
    this.onStart();
    this.stage.offer(show);
    return this.#open();
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
    this.onStop();
    show.button().focus();
  }

  fail(text) {
    this.stop();
    this.status.say(text);
  }

  // All of the show has been shown.
  end() {
    const { show } = this;
    if (show) this.fail(() => fill(words.ended, { name: show.name }));
  }

  togglePause() {
    if (this.state === "paused") this.#resume();
    else this.#pause();
  }

  // Other people are in the picture, after a jump: they are counted anew.
  renew() {
    this.connection.stop();
    this.#begin();
  }

  // The show is another one now, and has to be opened.
  change() {
    this.status.clear();
    this.#leave();
    if (this.state !== "paused") this.#open();
  }

  // The server is there, again: it knows of no stream.
  greet() {
    if (!this.show) return;
    if (this.show.isOpen) {
      this.#begin();
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

  async #open() {
    const { show } = this;
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
    if (this.stream) this.#goOn();
    else this.#begin();
    return true;
  }

  // Begins a stream, or begins it again after the server was lost.
  #begin() {
    this.stream = {};
    this.feed.begin();
    this.stage.begin(this.show);
    this.#see();
    this.show.begin();
  }

  // Ends the stream. Whatever of it is on its way is left out.
  #leave() {
    this.connection.stop();
    this.stream = null;
    this.feed.begin();
  }

  #pause() {
    this.#setState("paused");
    this.show.pause();
    this.stage.rest();
  }

  #resume() {
    if (this.show.needsOpening) {
      this.#open();
      return;
    }
    if (!this.show.isOpen) {
      this.#setState("opening"); // it has been all the while
      this.stage.stop();
      return;
    }
    this.#setState("running");
    this.show.resume();
    this.#goOn();
  }

  #goOn() {
    this.#see();
    if (!this.halted) this.show.goOn();
  }

  #see() {
    this.stage.describe(this.show);
    this.stage.start(this.show);
    if (this.state === "paused") this.stage.rest();
  }

  // The tab has come in sight, or gone out of it.
  #turn() {
    this.show?.turn();
    if (this.show && !this.halted) this.show.goOn();
  }

  #setState(state) {
    this.state = state;
    this.stage.setState(state);
    if (this.show) this.stage.describe(this.show);
  }

  #obey(event) {
    const { key, repeat, altKey, ctrlKey, metaKey, shiftKey, target } = event;
    if (key !== " " || repeat || altKey || ctrlKey || metaKey || shiftKey) return;
    if (!this.show || this.show.still || target.closest?.(USES_SPACE)) return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    this.togglePause();
  }
}
