// @ts-check
// What opens teaching/teaching.js, which is loaded when it is first asked for: few need it, and all wait for the page.

import { $ } from "../core/dom.js";

/** @typedef {import("./teaching/teaching.js").Teaching} Teaching */

export class Door {
  /** @type {import("../core/talk.js").Talk | null} */
  engine = null;
  /** @type {Teaching | null} */
  teaching = null; // once it is loaded
  /** @type {Promise<Teaching> | null} */
  #coming = null;
  /** @type {import("../generated/messages.js").Hello | null} */
  #hello = null;

  /** @param {() => HTMLVideoElement | HTMLCanvasElement} source what is shown */
  constructor(source) {
    this.source = source;
    $("wrong").addEventListener("click", () => this.#open());
  }

  /** @param {import("../generated/messages.js").Hello} hello */
  greet(hello) {
    this.#hello = hello;
    this.teaching?.greet(hello);
  }

  async #open() {
    this.#coming ??= this.#load();
    try {
      (await this.#coming).open();
    } catch {
      this.#coming = null; // it can be asked for again
    }
  }

  async #load() {
    const { Teaching } = await import("./teaching/teaching.js");
    this.teaching = new Teaching(this.source, this.engine);
    if (this.#hello) this.teaching.greet(this.#hello);
    return this.teaching;
  }
}
