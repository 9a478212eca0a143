// @ts-check
// The networks in this browser: onnxruntime-web computes them, on one thread of the processor.

import { searching } from "../detectors/search.js";
import { singleShotDetector } from "../detectors/singleshot.js";

/**
 * @typedef {import("../../generated/messages.js").Hello} Hello
 * @typedef {import("../pipeline/analyzer.js").Bundle} Bundle
 * @typedef {import("../types.js").Detector} Detector
 * @typedef {import("onnxruntime-web/wasm").InferenceSession} InferenceSession
 *
 * @typedef {typeof import("onnxruntime-web/wasm")} Ort
 *
 * @typedef {typeof import("../../models/facts.js")} Told what `mien/web/site/engine.py` writes of the networks
 */

const PLACES = ["scores", "boxes", "landmarks"];
const PROBABILITIES = "probabilities";
const RUNTIME = new URL("../../vendor/onnxruntime-web/ort.wasm.bundle.min.mjs", import.meta.url);
const CODE = new URL("../../vendor/onnxruntime-web/ort-wasm-simd-threaded.wasm", import.meta.url);

/** What finds faces, and what reads them: one of several, which are fetched when they are chosen. */
export class Networks {
  /**
   * @param {Ort} ort
   * @param {Told} told
   * @param {import("../detectors/singleshot.js").Run} find
   */
  constructor(ort, told, find) {
    this.ort = ort;
    this.told = told;
    const info = told.facts.detector;
    this.detector = singleShotDetector(info, find);
    // Of the frames of streams: as finely as there is time for.
    this.search = searching((minFace) => singleShotDetector(info, find, { minFace }));
    this.used = -1;
    this.session = /** @type {InferenceSession | null} */ (null);
    this.bundle = /** @type {Bundle} */ (/** @type {unknown} */ (null)); // until one is used
  }

  /** The models that there are. */
  get offered() {
    return this.told.facts.classifiers.map(({ model, labels }) => ({ name: model.name, labels }));
  }

  /** The name of the one that reads. */
  get name() {
    return this.offered[this.used].name;
  }

  /**
   * What the page is told at first.
   *
   * @returns {Omit<Hello, "type">}
   */
  get hello() {
    const { hello, classifiers } = this.told.facts;
    const { labels, model } = classifiers[this.used];
    return { ...hello, labels, model, sources: typeof OffscreenCanvas === "undefined" ? [] : hello.sources };
  }

  /**
   * Fetches a model, and changes nothing yet.
   *
   * @param {string} name the first, where there is none of this name
   * @param {AbortSignal} [signal] ends it
   * @returns {Promise<ArrayBuffer>}
   */
  fetch(name, signal) {
    return fetched(this.told.classifiers[numberOf(this.told.facts, name)], signal);
  }

  /**
   * Reads with another model from now on.
   *
   * @param {string} name the first, where there is none of this name
   * @param {ArrayBuffer} graph what was fetched of it
   * @throws it is no model that this browser can compute: all stays as it was
   */
  async use(name, graph) {
    const number = numberOf(this.told.facts, name);
    const { labels, other, input, not_sure_below, neutral_logs } = this.told.facts.classifiers[number];
    const session = await open(this.ort, graph);
    this.bundle = {
      classifier: reader(this.ort, session, input),
      labels,
      other,
      spec: input,
      notSureBelow: not_sure_below,
      neutralLogs: neutral_logs,
    };
    this.used = number;
    await this.session?.release();
    this.session = session;
  }
}

/**
 * @param {Told["facts"]} facts
 * @param {string} name
 */
function numberOf({ classifiers }, name) {
  return Math.max(
    0,
    classifiers.findIndex(({ model }) => model.name === name),
  );
}

/**
 * @param {string} wanted the name of the model to begin with
 * @returns {Promise<Networks>}
 */
export async function loadNetworks(wanted) {
  /** @type {[Promise<Ort>, Promise<Told>]} */
  const modules = [import(RUNTIME.href), import("../../models/facts.js")];
  const finds = modules[1].then(({ detector }) => fetched(detector));
  const reads = modules[1].then(({ facts, classifiers }) => fetched(classifiers[numberOf(facts, wanted)]));
  reads.catch(() => {}); // looked at below
  const [ort, told, detector] = await Promise.all([...modules, finds]);
  ort.env.wasm.wasmPaths = { wasm: CODE.href };
  // One after the other: the first makes the runtime ready.
  const networks = new Networks(ort, told, finder(ort, await open(ort, detector)));
  // A model that was chosen before may be out of reach now.
  const begin = async (name, graph) => networks.use(name, await graph);
  await begin(wanted, reads).catch(() => begin("", networks.fetch("")));
  return networks;
}

/**
 * @param {Ort} ort
 * @param {ArrayBuffer} graph
 */
export function open(ort, graph) {
  // A second one needs headers that few hosts send, and on two processors makes it slower: the page draws on the
  // other, and the two wait for each other.
  ort.env.wasm.numThreads = 1;
  return ort.InferenceSession.create(new Uint8Array(graph), { executionProviders: ["wasm"] });
}

/**
 * @param {Ort} ort
 * @param {InferenceSession} session
 * @returns {import("../detectors/singleshot.js").Run}
 */
export function finder(ort, session) {
  return async (data, height, width, channels) => {
    const picture = new ort.Tensor("uint8", data, [1, height, width, channels]);
    const { scores, boxes, landmarks } = await session.run({ picture }, PLACES);
    return { scores: floats(scores), boxes: floats(boxes), landmarks: floats(landmarks) };
  };
}

/**
 * @param {Ort} ort
 * @param {InferenceSession} session
 * @param {import("../types.js").InputSpec} spec
 * @returns {import("../types.js").Classifier}
 */
export function reader(ort, session, { size, channels }) {
  const [input] = session.inputNames;
  const { outputNames } = session;
  // Older graphs have one output, under any name.
  const output = outputNames.includes(PROBABILITIES) ? PROBABILITIES : outputNames[0];
  return async (crops, count) => {
    const faces = new ort.Tensor("uint8", crops, [count, size, size, channels]);
    const answers = await session.run({ [input]: faces }, [output]);
    return floats(answers[output]);
  };
}

/** @param {import("onnxruntime-web/wasm").Tensor} tensor */
function floats(tensor) {
  return /** @type {Float32Array} */ (tensor.data);
}

/**
 * @param {URL} url
 * @param {AbortSignal} [signal]
 * @returns {Promise<ArrayBuffer>}
 */
async function fetched(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.arrayBuffer();
}
