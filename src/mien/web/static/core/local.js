// @ts-check
// The engine in this browser: a worker that answers by the messages of web/protocol.py, as the server
// does over the WebSocket. Pictures go to it as they are, without a JPEG, and nowhere else.

import { sizeTo } from "./canvas.js";
import { contextOf } from "./dom.js";
import { settings } from "./settings.js";
import { Talk } from "./talk.js";

/**
 * @typedef {import("../generated/messages.js").ServerMessage} ServerMessage
 * @typedef {import("../engine/worker.js").Shown} Shown
 * @typedef {import("../engine/worker.js").ToWorker} ToWorker
 * @typedef {import("../engine/worker.js").FromWorker} FromWorker
 */

export class LocalEngine extends Talk {
  /** @param {import("./talk.js").Handlers} on */
  constructor(on) {
    super(on);
    this.ready = false;
    this.broken = false;
    /** @type {import("./talk.js").Offer} */
    this.offer = { offered: [], used: "", failed: "" };
    // The worker's name says which model to begin with; onnxruntime-web has names that mean something to it.
    const name = `model ${settings.values.model}`;
    this.worker = new Worker(new URL("../engine/worker.js", import.meta.url), { type: "module", name });
    this.worker.addEventListener("message", ({ data }) => this.#hear(data));
    this.worker.addEventListener("error", ({ message }) => {
      if (this.ready) this.receive({ type: "error", message });
      else this.#lose(message);
    });
    settings.onChange(() => this.#choose(settings.values.model));
  }

  get open() {
    return this.ready;
  }

  get gone() {
    return this.broken;
  }

  /**
   * @param {HTMLVideoElement} video
   * @param {number} width
   * @param {number} height
   * @returns {Promise<Shown>}
   */
  async take(video, width, height) {
    return { picture: await pictureOf(video, width, height), width, height };
  }

  /** @param {Shown} shown */
  drop({ picture }) {
    if (!(picture instanceof ImageData)) picture.close();
  }

  /**
   * @param {Shown} shown
   * @param {number} time
   */
  async grab(shown, time) {
    this.#post({ type: "grab", time: time / 1000, shown }, shown);
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {boolean} parts
   */
  async read(canvas, parts = false) {
    const { width, height } = canvas;
    const shown = { picture: pixelsOf(canvas, width, height), width, height };
    return this.ask((id) => this.#post({ type: "picture", id, parts, shown }, shown));
  }

  /** @param {import("../generated/messages.js").ClientMessage} message */
  send(message) {
    if (this.ready) this.worker.postMessage(message);
  }

  /**
   * @param {ToWorker} message
   * @param {Shown} shown
   */
  #post(message, shown) {
    const { picture } = shown;
    if (!this.ready) return this.drop(shown);
    const held = picture instanceof ImageData ? picture.data.buffer : picture;
    this.worker.postMessage(message, [held]);
  }

  /** @param {FromWorker} message */
  #hear(message) {
    if (message.type === "models") {
      this.#offered(message);
    } else if (message.type === "frame") {
      if (this.stopping) message.picture.close();
      else this.on.frame(message.analysis, message.picture);
    } else if (message.type === "broken") {
      this.#lose(message.reason);
    } else {
      if (message.type === "hello") {
        this.stop(); // what is on its way was read with the model before
        this.ready = true;
      }
      this.receive(message);
      if (message.type === "hello") this.#choose(settings.values.model); // it may have changed meanwhile
    }
  }

  /** @param {import("../engine/worker.js").Models} message */
  #offered({ offered, used, failed }) {
    const chosen = nameOf(offered, settings.values.model);
    if (failed && failed !== chosen) return; // another one has been chosen since
    this.offer = { offered, used, failed, coming: failed || chosen === used ? undefined : this.offer.coming };
    this.on.models(this.offer);
    if (failed) settings.set("model", used);
  }

  // Has another model read, the first one where there is none of that name, as soon as it is there.
  #choose(model) {
    const { offered, used, coming = used } = this.offer;
    const chosen = nameOf(offered, model);
    if (!this.ready || chosen === coming) return;
    this.offer = { ...this.offer, coming: chosen === used ? undefined : chosen, failed: "" };
    this.on.models(this.offer);
    this.worker.postMessage({ type: "use", model: chosen });
  }

  // It could not be loaded: there is nothing to be made anew but the page.
  #lose(reason) {
    console.error(reason);
    this.ready = false;
    this.broken = true;
    this.worker.terminate();
    this.forget();
    this.on.lost(0);
  }
}

/**
 * @param {{ name: string }[]} offered
 * @param {string} model
 */
function nameOf(offered, model) {
  return offered.some(({ name }) => name === model) ? model : offered[0].name;
}

/**
 * What a video shows now, in the way that costs this page least: as the browser holds it, where a worker
 * can draw that.
 *
 * @param {HTMLVideoElement} video
 * @param {number} width
 * @param {number} height
 * @returns {Promise<Shown["picture"]>}
 */
async function pictureOf(video, width, height) {
  if (typeof OffscreenCanvas === "undefined") return pixelsOf(video, width, height);
  return frameOf(video) ?? (await createImageBitmap(video).catch(() => pixelsOf(video, width, height)));
}

/** @param {HTMLVideoElement} video */
function frameOf(video) {
  if (typeof VideoFrame === "undefined") return null;
  try {
    const frame = new VideoFrame(video);
    // Some browsers forget here that a video is to be turned.
    if (frame.displayWidth === video.videoWidth) return frame;
    frame.close();
  } catch {
    // Some make none of a camera's video.
  }
  return null;
}

/** @type {CanvasRenderingContext2D | undefined} */
let drawn;

/**
 * @param {HTMLVideoElement | HTMLCanvasElement} source
 * @param {number} width
 * @param {number} height
 */
function pixelsOf(source, width, height) {
  drawn ??= contextOf(document.createElement("canvas"), { willReadFrequently: true });
  const { canvas } = drawn;
  sizeTo(canvas, width, height);
  drawn.drawImage(source, 0, 0, width, height);
  return drawn.getImageData(0, 0, width, height);
}
