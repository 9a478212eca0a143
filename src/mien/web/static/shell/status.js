// @ts-check
// What is said above the views, and of the connection.

import { tell, words } from "../core/words.js";

const LOADED = /** @type {const} */ ({ connecting: "loading", connected: "connected", lost: "notLoaded" });
const FULL = 1013; // the code of a connection that was closed because too many pages are open

export class Status {
  /**
   * @param {HTMLElement} message
   * @param {HTMLElement} connection
   * @param {import("../core/engines.js").Place} place
   */
  constructor(message, connection, place) {
    this.message = message;
    this.connection = connection;
    this.place = place;
    this.lost = false; // whether the server is, or was until its greeting
    this.#setConnected("connecting");
  }

  /**
   * Says a text of the server, or what a function makes of the present words; nothing without one.
   *
   * @param {string | (() => string)} text
   */
  say(text, tone = "plain") {
    tell(this.message, text || (() => ""));
    this.message.dataset.tone = tone;
    this.message.hidden = !text;
  }

  // Says nothing more, but for what is still the case: that the server is lost.
  clear() {
    if (!this.lost) this.say("");
  }

  greet() {
    this.#setConnected("connected");
    if (this.lost) this.say(() => words.serverBack, "good");
    this.lost = false;
  }

  // The connection was closed, or could not be made, with this code.
  lose(code) {
    this.#setConnected("lost");
    if (code === FULL) this.say(() => words.tooManyPages);
    else if (!this.lost) this.say(() => this.#lost());
    this.lost = true;
  }

  /** @param {"connecting" | "connected" | "lost"} state */
  #setConnected(state) {
    // Where nothing is connected, there is something to be loaded.
    const said = this.place === "browser" ? LOADED[state] : state;
    tell(this.connection, () => words[said]);
    this.connection.dataset.state = state;
  }

  #lost() {
    if (this.place === "browser") return words.engineLost;
    return this.place === "network" ? words.machineLost : words.serverLost;
  }
}
