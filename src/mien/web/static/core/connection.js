// @ts-check
// The one WebSocket to the server: what is said is described in web/protocol.py.
// A lost connection is made anew by itself, after waits that grow.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

/**
 * @typedef {import("../generated/messages.js").Analyzed} Analyzed
 * @typedef {import("../generated/messages.js").StillAnalyzed} StillAnalyzed
 * @typedef {import("../generated/messages.js").ServerMessage} ServerMessage
 *
 * What is done with what comes.
 * @typedef {object} Handlers
 * @property {(message: import("../generated/messages.js").Hello) => void} hello
 * @property {(message: Analyzed) => void} analysis
 * @property {(analysis: Analyzed, jpeg: Blob) => void} frame
 * @property {(message: import("../generated/messages.js").Waiting) => void} waiting
 * @property {() => void} ended
 * @property {(message: import("../generated/messages.js").Failed) => void} error
 * @property {(code: number) => void} lost
 */

export class Connection {
  /** @param {Handlers} on */
  constructor(on) {
    this.on = on;
    this.wait = FIRST_WAIT;
    this.asked = 0;
    // What waits for the answer to a picture by itself, by its number.
    /** @type {Map<number, (answer: StillAnalyzed | null) => void>} */
    this.answers = new Map();
    this.stopping = 0; // streams whose end the server has not confirmed
    this.socket = this.#connect();
  }

  get open() {
    return this.socket.readyState === WebSocket.OPEN;
  }

  /** @param {import("../generated/messages.js").Watch["source"]} source */
  watch(source) {
    this.#send({ type: "watch", source });
  }

  next() {
    this.#send({ type: "next" });
  }

  // Ends the stream. Whatever of it is still on its way is left out.
  stop() {
    if (!this.open) return;
    this.stopping += 1;
    this.#send({ type: "stop" });
  }

  // Sends one picture of the page's own stream, taken at `time` (milliseconds).
  /**
   * @param {Blob} blob
   * @param {number} time
   */
  grab(blob, time) {
    return this.#sendPicture({ type: "grab", time: time / 1000 }, blob);
  }

  // Has a picture by itself read: a promise of the answer, null where there will be none.
  // With `parts`, each face says which parts of it the reading rests on.
  /**
   * @param {Blob} blob
   * @param {boolean} parts
   * @returns {Promise<StillAnalyzed | null>}
   */
  read(blob, parts = false) {
    const id = ++this.asked;
    return new Promise((resolve) => {
      if (!this.open) return resolve(null);
      this.answers.set(id, resolve);
      return this.#sendPicture({ type: "picture", id, parts }, blob);
    });
  }

  /**
   * @param {import("../generated/messages.js").PictureHeader} header
   * @param {Blob} blob
   */
  async #sendPicture(header, blob) {
    const [head, jpeg] = [new TextEncoder().encode(JSON.stringify(header)), await blob.arrayBuffer()];
    const message = new Uint8Array(4 + head.length + jpeg.byteLength);
    new DataView(message.buffer).setUint32(0, head.length);
    message.set(head, 4);
    message.set(new Uint8Array(jpeg), 4 + head.length);
    if (this.open) this.socket.send(message);
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws`);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    socket.addEventListener("close", ({ code }) => this.#retry(code));
    return socket;
  }

  #retry(code) {
    this.#forget();
    this.on.lost(code);
    setTimeout(() => {
      this.stopping = 0;
      this.socket = this.#connect();
    }, this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  /** @param {string | ArrayBuffer} data */
  #receive(data) {
    if (typeof data !== "string") {
      if (!this.stopping) this.on.frame(...splitFrame(data));
      return;
    }
    /** @type {ServerMessage} */
    const message = JSON.parse(data);
    if (message.type === "hello") {
      this.wait = FIRST_WAIT;
      this.on.hello(message);
    } else if (message.type === "picture") {
      this.answers.get(message.id)?.(message);
      this.answers.delete(message.id);
    } else if (message.type === "stopped") {
      this.stopping -= 1;
    } else if (!this.stopping) {
      if (message.type === "error") this.#forget();
      const handle = /** @type {(message: ServerMessage) => void} */ (this.on[message.type]);
      handle(message);
    }
  }

  // What was asked will not be answered.
  #forget() {
    for (const resolve of this.answers.values()) resolve(null);
    this.answers.clear();
  }

  /** @param {import("../generated/messages.js").ClientMessage} message */
  #send(message) {
    if (this.open) this.socket.send(JSON.stringify(message));
  }
}

/**
 * @param {ArrayBuffer} data
 * @returns {[Analyzed, Blob]}
 */
function splitFrame(data) {
  const length = new DataView(data).getUint32(0);
  const analysis = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  return [analysis, new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" })];
}
