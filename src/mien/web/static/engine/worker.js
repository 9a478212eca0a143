// @ts-check
// The engine in a worker: hears what web/protocol.py says a page says, and answers as the server does. Only
// how pictures travel is different: as they are, not as JPEGs.

import { loadModels } from "./models/networks.js";
import { explain } from "./models/occlusion.js";
import { Analyzer } from "./pipeline/analyzer.js";
import { Sample } from "./sources/sample.js";
import { toPixels } from "./sources/shown.js";

/**
 * @typedef {import("../generated/messages.js").Analyzed} Analyzed
 * @typedef {import("../generated/messages.js").ClientMessage} ClientMessage
 * @typedef {import("../generated/messages.js").ServerMessage} ServerMessage
 * @typedef {import("./models/networks.js").Models} Models
 *
 * A picture, and the size at which it is to be read.
 * @typedef {{ picture: VideoFrame | ImageBitmap | ImageData, width: number, height: number }} Shown
 *
 * @typedef {{ type: "grab", time: number, shown: Shown }} GrabShown
 * @typedef {{ type: "picture", id: number, parts: boolean, shown: Shown }} StillShown
 * @typedef {ClientMessage | GrabShown | StillShown} ToWorker
 *
 * @typedef {{ type: "frame", analysis: Analyzed, picture: ImageBitmap }} FrameShown
 * @typedef {{ type: "broken", reason: string }} Broken nothing can be read
 * @typedef {ServerMessage | FrameShown | Broken} FromWorker
 */

const scope = /** @type {Worker} */ (/** @type {unknown} */ (self));

/**
 * @param {FromWorker} message
 * @param {Transferable[]} held what is handed over with it
 */
function say(message, held = []) {
  scope.postMessage(message, held);
}

const WARM = 12; // half a second on a laptop

class Session {
  /** @type {Analyzer | null} */
  #own = null; // of the pictures that the page sends
  #count = 0;
  /** @type {Sample | null} */
  #watched = null;
  // The networks read one picture at a time.
  #turn = Promise.resolve();

  /** @param {Models} models */
  constructor(models) {
    this.models = models;
  }

  /** @param {ToWorker} message */
  hear(message) {
    if (message.type === "next") this.#watched?.next();
    else if (message.type === "watch") this.#watch();
    else if (message.type === "stop") this.#stop();
    else this.#inTurn(() => this.#read(message));
  }

  // The first pictures would wait for the browser to make the networks' code fit for this processor, which it
  // does in two steps: quickly for what runs at all, and well for what has run often.
  warmUp(times = WARM) {
    const { detector, bundle } = this.models;
    const [width, height] = [160, 120];
    const { size, channels } = bundle.spec;
    this.#inTurn(async () => {
      if (!times || this.#own || this.#watched) return;
      await detector({ data: new Uint8Array(4 * width * height), width, height });
      await bundle.classifier(new Uint8Array(size * size * channels), 1);
      setTimeout(() => this.warmUp(times - 1)); // what has been asked meanwhile comes first
    });
  }

  #stop() {
    this.#watched?.stop();
    this.#watched = null;
    // What is being read is answered first.
    this.#inTurn(async () => {
      this.#own = null;
      say({ type: "stopped" });
    });
  }

  #watch() {
    this.#watched?.stop();
    const analyzer = this.#analyzer();
    const sample = new Sample();
    this.#watched = sample;
    sample.run((frame, shown) => this.#inTurn(() => this.#show(sample, analyzer, frame, shown))).catch(tell);
  }

  /**
   * @param {Sample} sample
   * @param {Analyzer} analyzer
   * @param {import("./pipeline/analyzer.js").Frame} frame
   * @param {ImageBitmap} shown
   */
  async #show(sample, analyzer, frame, shown) {
    const analysis = sample === this.#watched ? await analyzer.read(frame) : null;
    if (analysis && sample === this.#watched) say({ type: "frame", analysis, picture: shown }, [shown]);
    else shown.close();
  }

  /** @param {GrabShown | StillShown} message */
  async #read(message) {
    const picture = toPixels(message.shown);
    if (message.type === "grab") {
      this.#count = this.#own ? this.#count + 1 : 0;
      this.#own ??= this.#analyzer();
      say(await this.#own.read({ picture, index: this.#count, timestamp: message.time, source: "page" }));
      return;
    }
    const { id, parts } = message;
    const analysis = await this.#analyzer().read({ picture, index: 0, timestamp: 0, source: "picture" });
    if (parts) {
      const { classifier: classify, spec, labels } = this.models.bundle;
      const reader = { classify, spec, labels };
      for (const face of analysis.faces) face.parts = await explain(picture, face, reader);
    }
    say({ ...analysis, type: "picture", id });
  }

  #analyzer() {
    return new Analyzer(this.models.detector, this.models.bundle);
  }

  /** @param {() => Promise<void>} task */
  #inTurn(task) {
    this.#turn = this.#turn.then(task).catch(tell);
    return this.#turn;
  }
}

function tell(error) {
  say({ type: "error", message: String(error?.message ?? error) });
}

// The page says nothing before it was greeted.
loadModels().then(
  (models) => {
    const session = new Session(models);
    scope.addEventListener("message", ({ data }) => session.hear(data));
    say({ type: "hello", ...models.facts });
    session.warmUp();
  },
  (error) => say({ type: "broken", reason: String(error?.stack ?? error) }),
);
