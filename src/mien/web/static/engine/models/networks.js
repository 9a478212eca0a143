// @ts-check
// The networks in this browser: onnxruntime-web computes them, on one thread of the processor.

import { singleShotDetector } from "../detectors/singleshot.js";

/**
 * @typedef {import("../../generated/messages.js").Hello} Hello
 * @typedef {import("../pipeline/analyzer.js").Bundle} Bundle
 * @typedef {import("../types.js").Detector} Detector
 * @typedef {import("onnxruntime-web/wasm").InferenceSession} InferenceSession
 *
 * @typedef {typeof import("onnxruntime-web/wasm")} Ort
 *
 * What `mien/web/site/engine.py` writes of both networks.
 * @typedef {object} Facts
 * @property {Omit<Hello, "type">} hello
 * @property {{ other: boolean, input: import("../types.js").InputSpec, not_sure_below: number }} classifier
 * @property {import("../detectors/singleshot.js").DetectorInfo} detector
 *
 * @typedef {{ facts: Omit<Hello, "type">, detector: Detector, bundle: Bundle }} Models
 */

const PLACES = ["scores", "boxes", "landmarks"];
const PROBABILITIES = "probabilities";
const RUNTIME = new URL("../../vendor/onnxruntime-web/ort.wasm.bundle.min.mjs", import.meta.url);
const CODE = new URL("../../vendor/onnxruntime-web/ort-wasm-simd-threaded.wasm", import.meta.url);
const FACTS = new URL("../../models/facts.json", import.meta.url);
const DETECTOR = new URL("../../models/detector.onnx", import.meta.url);
const CLASSIFIER = new URL("../../models/classifier.onnx", import.meta.url);

/** @returns {Promise<Models>} */
export async function loadModels() {
  const [ort, facts, detector, classifier] = await Promise.all([
    /** @type {Promise<Ort>} */ (import(RUNTIME.href)),
    fetched(FACTS).then((response) => /** @type {Promise<Facts>} */ (response.json())),
    fetched(DETECTOR).then((response) => response.arrayBuffer()),
    fetched(CLASSIFIER).then((response) => response.arrayBuffer()),
  ]);
  ort.env.wasm.wasmPaths = { wasm: CODE.href };
  // One after the other: the first makes the runtime ready.
  const faces = await open(ort, detector);
  const looks = await open(ort, classifier);
  const { hello } = facts;
  return {
    facts: { ...hello, sources: typeof OffscreenCanvas === "undefined" ? [] : hello.sources },
    detector: singleShotDetector(facts.detector, finder(ort, faces)),
    bundle: {
      classifier: reader(ort, looks, facts.classifier.input),
      labels: hello.labels,
      other: facts.classifier.other,
      spec: facts.classifier.input,
      notSureBelow: facts.classifier.not_sure_below,
    },
  };
}

/**
 * @param {Ort} ort
 * @param {ArrayBuffer} graph
 */
export function open(ort, graph) {
  ort.env.wasm.numThreads = 1; // more need headers that few hosts send
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

async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response;
}
