// @ts-check
// The one WebSocket to the server: what is said is described in web/protocol.py.
// A lost connection is made anew by itself, after waits that grow.

import { sizeTo } from "./canvas.js";
import { contextOf } from "./dom.js";
import { toJpeg } from "./pictures.js";
import { Talk } from "./talk.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;
const STREAM_QUALITY = 0.8;
// The server takes 2 MB; noise may make a picture larger than that.
const MAX_BYTES = 1_900_000;
const LOW_QUALITY = 0.6;

/**
 * @typedef {import("../generated/messages.js").Analyzed} Analyzed
 * @typedef {import("../generated/messages.js").ServerMessage} ServerMessage
 */

export class Connection extends Talk {
  /** @param {import("./talk.js").Handlers} on */
  constructor(on) {
    super(on);
    this.wait = FIRST_WAIT;
    this.greeted = false; // by the server that is connected
    this.canvas = document.createElement("canvas");
    this.context = contextOf(this.canvas, { alpha: false });
    this.socket = this.#connect();
  }

  get open() {
    return this.socket.readyState === WebSocket.OPEN;
  }

  /**
   * What `video` shows now, as a JPEG; null where it cannot be had.
   *
   * @param {HTMLVideoElement} video
   * @param {number} width
   * @param {number} height
   * @returns {Promise<Blob | null>}
   */
  take(video, width, height) {
    sizeTo(this.canvas, width, height);
    this.context.drawImage(video, 0, 0, width, height);
    return toJpeg(this.canvas, STREAM_QUALITY);
  }

  /**
   * Sends one picture of the page's own stream, taken at `time` (milliseconds).
   *
   * @param {Blob} blob
   * @param {number} time
   */
  grab(blob, time) {
    return this.#sendPicture({ type: "grab", time: time / 1000 }, blob);
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {boolean} parts
   * @param {number} quality
   */
  async read(canvas, parts = false, quality = LOW_QUALITY) {
    let jpeg = await toJpeg(canvas, quality);
    if (jpeg && jpeg.size > MAX_BYTES) jpeg = await toJpeg(canvas, LOW_QUALITY);
    return jpeg && this.ask((id) => this.#sendPicture({ type: "picture", id, parts }, jpeg));
  }

  /** @param {import("../generated/messages.js").ClientMessage} message */
  send(message) {
    if (this.open) this.socket.send(JSON.stringify(message));
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
    this.greeted = false;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws`);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => this.#receive(data));
    socket.addEventListener("close", ({ code }) => this.#retry(code));
    return socket;
  }

  #retry(code) {
    this.forget();
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
      this.#take(...split(data));
      return;
    }
    /** @type {ServerMessage} */
    const message = JSON.parse(data);
    if (message.type === "hello") {
      this.wait = FIRST_WAIT;
      if (this.greeted) this.stop(); // what is on its way was read with the model before
      this.greeted = true;
    }
    this.receive(message);
  }

  /**
   * @param {Analyzed | { type: "bundle" }} header
   * @param {Uint8Array<ArrayBuffer>} rest
   */
  #take(header, rest) {
    if (header.type === "bundle") this.on.bundle(new Blob([rest], { type: "application/zip" }));
    else if (!this.stopping) this.on.frame(header, new Blob([rest], { type: "image/jpeg" }));
  }
}

/**
 * @param {ArrayBuffer} data
 * @returns {[Analyzed | { type: "bundle" }, Uint8Array<ArrayBuffer>]}
 */
function split(data) {
  const length = new DataView(data).getUint32(0);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  return [header, new Uint8Array(data, 4 + length)];
}
