// @ts-check
// What the page says to an engine and hears from it, wherever that is: the messages of web/protocol.py.

/**
 * @typedef {import("../generated/messages.js").Analyzed} Analyzed
 * @typedef {import("../generated/messages.js").StillAnalyzed} StillAnalyzed
 * @typedef {import("../generated/messages.js").ServerMessage} ServerMessage
 *
 * The models of which one reads, in the browser: that which is `used`, until the one that is `coming` is there;
 * one that `failed` could not be had.
 * @typedef {{ offered: { name: string, labels: string[] }[], used: string, failed: string, coming?: string }} Offer
 *
 * What is done with what comes.
 * @typedef {object} Handlers
 * @property {(message: import("../generated/messages.js").Hello) => void} hello
 * @property {(message: Analyzed) => void} analysis
 * @property {(analysis: Analyzed, picture: ImageBitmapSource) => void} frame
 * @property {(message: import("../generated/messages.js").Waiting) => void} waiting
 * @property {() => void} ended
 * @property {(message: import("../generated/messages.js").Failed) => void} error
 * @property {(code: number) => void} lost
 * @property {(offer: Offer) => void} models
 * @property {(message: import("../generated/messages.js").Adapting) => void} adapting
 * @property {(message: import("../generated/messages.js").Adapted) => void} adapted
 * @property {(message: import("../generated/messages.js").Unadapted) => void} unadapted
 * @property {(archive: Blob) => void} bundle
 */

// What is told of learning, which no stream is part of.
const LEARNING = ["adapting", "adapted", "unadapted"];

// An engine has, beside these: `open`, `send`, `take`, `grab` and `read`.
export class Talk {
  /** @param {Handlers} on */
  constructor(on) {
    this.on = on;
    this.asked = 0;
    // What waits for the answer to a picture by itself, by its number.
    /** @type {Map<number, (answer: StillAnalyzed | null) => void>} */
    this.answers = new Map();
    this.stopping = 0; // streams whose end has not been confirmed
  }

  get open() {
    return false;
  }

  // Whether it is lost for good.
  get gone() {
    return false;
  }

  /** @param {import("../generated/messages.js").ClientMessage} _message */
  send(_message) {}

  /**
   * What `video` shows now, in whatever form `grab` takes it; null where it cannot be had.
   *
   * @param {HTMLVideoElement} _video
   * @param {number} _width
   * @param {number} _height
   * @returns {Promise<any>}
   */
  async take(_video, _width, _height) {
    return null;
  }

  /**
   * A picture that was taken is not wanted any more.
   *
   * @param {any} _picture
   */
  drop(_picture) {}

  /**
   * Has one picture of the page's own stream read, taken at `time` (milliseconds).
   *
   * @param {any} _picture
   * @param {number} _time
   */
  async grab(_picture, _time) {}

  /**
   * Has a picture by itself read: a promise of the answer, null where there will be none.
   *
   * @param {HTMLCanvasElement} _canvas
   * @param {boolean} _parts whether each face says which parts of it the reading rests on
   * @param {number} _quality of the JPEG, where it has to be one
   * @returns {Promise<StillAnalyzed | null>}
   */
  async read(_canvas, _parts = false, _quality = 0) {
    return null;
  }

  /** @param {import("../generated/messages.js").Watch["source"]} source */
  watch(source) {
    this.send({ type: "watch", source });
  }

  next() {
    this.send({ type: "next" });
  }

  /**
   * Has somebody's usual face learnt, or them read as before.
   *
   * @param {number} track_id
   * @param {boolean} learn
   */
  usual(track_id, learn) {
    this.send({ type: "usual", track_id, learn });
  }

  // Ends the stream. Whatever of it is still on its way is left out.
  stop() {
    if (!this.open) return;
    this.stopping += 1;
    this.send({ type: "stop" });
  }

  /**
   * Asks for what is answered under a number.
   *
   * @param {(id: number) => unknown} send
   * @returns {Promise<StillAnalyzed | null>}
   */
  ask(send) {
    const id = ++this.asked;
    return new Promise((resolve) => {
      if (!this.open) return resolve(null);
      this.answers.set(id, resolve);
      send(id);
    });
  }

  /** @param {ServerMessage} message */
  receive(message) {
    if (message.type === "hello") {
      this.on.hello(message);
    } else if (message.type === "picture") {
      this.answers.get(message.id)?.(message);
      this.answers.delete(message.id);
    } else if (message.type === "stopped") {
      this.stopping -= 1;
    } else if (!this.stopping || LEARNING.includes(message.type)) {
      if (message.type === "error") this.forget();
      const handle = /** @type {(message: ServerMessage) => void} */ (this.on[message.type]);
      handle(message);
    }
  }

  // What was asked will not be answered.
  forget() {
    for (const resolve of this.answers.values()) resolve(null);
    this.answers.clear();
  }
}
