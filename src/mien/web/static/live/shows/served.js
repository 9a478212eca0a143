// @ts-check
// A source that the engine reads: the sample, and of a server's a camera, a stream or a file, too.

import { $ } from "../../core/dom.js";
import { words } from "../../core/words.js";
import { Show } from "./show.js";

export class ServedShow extends Show {
  /**
   * @param {import("../live.js").Live} live
   * @param {HTMLCanvasElement} canvas
   * @param {import("../../core/talk.js").Talk} connection
   * @param {"sample" | "configured"} id
   */
  constructor(live, canvas, connection, id) {
    super(live, canvas, () => $(`start-${id}`));
    this.connection = connection;
    this.id = id;
    /** @type {string | (() => string)} */
    this.source = ""; // what it is called
    this.#forget();
  }

  get name() {
    if (this.id === "sample") return words.sample;
    return typeof this.source === "function" ? this.source() : this.source;
  }

  begin() {
    this.#forget();
    this.connection.watch(this.id);
  }

  goOn() {
    if (this.owes) this.#acknowledge();
  }

  /**
   * Shows a frame. One that cannot be shown now is not acknowledged, and the server reads no further.
   *
   * @param {import("../../generated/messages.js").Analyzed} analysis
   * @param {ImageBitmapSource} picture
   */
  async takeFrame(analysis, picture) {
    const { live } = this;
    const { stream } = live;
    const bitmap = live.halted ? null : await createImageBitmap(picture);
    if (stream === live.stream && !live.halted) {
      live.stage.draw(bitmap);
      this.#endWait();
      live.stage.present(analysis, null);
      this.#acknowledge();
    } else if (stream === live.stream) {
      this.owes = true;
    }
    bitmap?.close();
  }

  // The last picture stays, without what was said of its faces: they may have left.
  /** @param {string | (() => string)} text */
  wait(text) {
    this.waits = true;
    this.live.stage.clear();
    this.live.stage.stats.reset();
    this.live.status.say(text);
  }

  lose() {
    this.waits = false;
  }

  stop() {
    this.#endWait();
  }

  #acknowledge() {
    this.owes = false;
    this.connection.next();
  }

  #endWait() {
    if (this.waits) this.live.status.say("");
    this.waits = false;
  }

  #forget() {
    this.waits = false; // for a source that has broken off
    this.owes = false; // an acknowledgement, withheld from the server while nothing is shown
  }
}
