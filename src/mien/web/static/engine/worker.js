// @ts-check
// The engine in a worker: hears what web/protocol.py says a page says, and answers as the server does. Only
// how pictures travel is different: as they are, not as JPEGs.

import { loadNetworks } from "./models/networks.js";
import { explain } from "./models/occlusion.js";
import { Analyzer } from "./pipeline/analyzer.js";
import { Sample } from "./sources/sample.js";
import { toPixels } from "./sources/shown.js";

/**
 * @typedef {import("../generated/messages.js").Analyzed} Analyzed
 * @typedef {import("../generated/messages.js").ClientMessage} ClientMessage
 * @typedef {import("../generated/messages.js").ServerMessage} ServerMessage
 * @typedef {import("./models/networks.js").Networks} Networks
 *
 * A picture, and the size at which it is to be read.
 * @typedef {{ picture: VideoFrame | ImageBitmap | ImageData, width: number, height: number }} Shown
 *
 * @typedef {{ type: "grab", time: number, shown: Shown }} GrabShown
 * @typedef {{ type: "picture", id: number, parts: boolean, shown: Shown }} StillShown
 * @typedef {{ type: "use", model: string }} Use read with another model
 * @typedef {ClientMessage | GrabShown | StillShown | Use} ToWorker
 *
 * @typedef {{ type: "frame", analysis: Analyzed, picture: ImageBitmap }} FrameShown
 * @typedef {{ type: "broken", reason: string }} Broken nothing can be read
 * @typedef {{ type: "models", offered: { name: string, labels: string[] }[], used: string, failed: string }} Models
 *   which there are, which one reads, and which one could not be had, if any
 * @typedef {ServerMessage | FrameShown | Broken | Models} FromWorker
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
  /** @type {Analyzer | null} */
  #streaming = null; // of what is watched
  // The networks read one picture at a time.
  #turn = Promise.resolve();
  #choice = new AbortController(); // of a model; a later one ends it

  /** @param {Networks} networks */
  constructor(networks) {
    this.networks = networks;
  }

  greet(failed = "") {
    this.offer(failed);
    say({ type: "hello", ...this.networks.hello });
  }

  offer(failed = "") {
    const { offered, name } = this.networks;
    say({ type: "models", offered, used: name, failed });
  }

  /** @param {ToWorker} message */
  hear(message) {
    if (message.type === "next") this.#watched?.next();
    else if (message.type === "watch") this.#watch();
    else if (message.type === "stop") this.#stop();
    else if (message.type === "usual") this.#inTurn(() => this.#ask(message));
    else if (message.type === "use") this.#use(message.model);
    // All else is for a server: markers are the page's own, and it does not learn here.
    else if (message.type === "grab" || message.type === "picture") this.#inTurn(() => this.#read(message));
  }

  // The first pictures would wait for the browser to make the networks' code fit for this processor, which it
  // does in two steps: quickly for what runs at all, and well for what has run often.
  warmUp(times = WARM) {
    const { detector, bundle } = this.networks;
    const [width, height] = [160, 120];
    const { size, channels } = bundle.spec;
    this.#inTurn(async () => {
      if (!times || this.#own || this.#watched) return;
      await detector({ data: new Uint8Array(4 * width * height), width, height });
      await bundle.classifier(new Uint8Array(size * size * channels), 1);
      setTimeout(() => this.warmUp(times - 1)); // what has been asked meanwhile comes first
    });
  }

  /** @param {import("../generated/messages.js").Usual} asked */
  async #ask({ track_id, learn }) {
    (this.#own ?? this.#streaming)?.askUsual(track_id, learn);
  }

  #stop() {
    this.#watched?.stop();
    this.#watched = this.#streaming = null;
    // What is being read is answered first.
    this.#inTurn(async () => {
      this.#own = null;
      say({ type: "stopped" });
    });
  }

  // It is fetched beside what is being read, which goes on until it is there. Of several that are chosen in a
  // row the last one counts, also where that is the one that reads.
  /** @param {string} model */
  #use(model) {
    this.#choice.abort();
    this.#choice = new AbortController();
    const { signal } = this.#choice;
    const change = (graph) => this.#inTurn(() => this.#change(model, graph, signal));
    if (model === this.networks.name) change(null);
    else this.networks.fetch(model, signal).then(change, () => signal.aborted || this.offer(model));
  }

  /**
   * @param {string} model
   * @param {ArrayBuffer | null} graph null where it was the one that reads
   * @param {AbortSignal} signal
   */
  async #change(model, graph, signal) {
    if (signal.aborted) return;
    try {
      if (model === this.networks.name) return this.offer();
      await this.networks.use(model, graph ?? (await this.networks.fetch(model, signal)));
    } catch {
      if (!signal.aborted) this.offer(model);
      return;
    }
    this.#watched?.stop();
    this.#watched = this.#streaming = this.#own = null;
    this.greet();
  }

  #watch() {
    this.#watched?.stop();
    const analyzer = this.#streamed();
    const sample = new Sample();
    this.#watched = sample;
    this.#streaming = analyzer;
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
    const picture = await toPixels(message.shown);
    if (message.type === "grab") {
      this.#count = this.#own ? this.#count + 1 : 0;
      this.#own ??= this.#streamed();
      say(await this.#own.read({ picture, index: this.#count, timestamp: message.time, source: "page" }));
      return;
    }
    const { id, parts } = message;
    const { detector, bundle: read } = this.networks;
    const analysis = await new Analyzer(detector, read).read({
      picture,
      index: 0,
      timestamp: 0,
      source: "picture",
    });
    if (parts) {
      const { classifier: classify, spec, labels } = this.networks.bundle;
      const reader = { classify, spec, labels };
      for (const face of analysis.faces) face.parts = await explain(picture, face, reader);
    }
    say({ ...analysis, type: "picture", id });
  }

  // Of a stream.
  #streamed() {
    const { detector, bundle, search } = this.networks;
    return new Analyzer(detector, bundle, {}, search);
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

// The page says nothing before it was greeted, but for the model that it would have: in this worker's name.
const wanted = self.name.replace("model ", "");
loadNetworks(wanted).then(
  (networks) => {
    const session = new Session(networks);
    scope.addEventListener("message", ({ data }) => session.hear(data));
    const { offered, name } = networks;
    session.greet(wanted !== name && offered.some((one) => one.name === wanted) ? wanted : "");
    session.warmUp();
  },
  (error) => say({ type: "broken", reason: String(error?.stack ?? error) }),
);
