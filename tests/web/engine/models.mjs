// Lets onnxruntime-web answer for the graphs that a site ships; see test_models.py.

import { finder, open, reader } from "../../../src/mien/web/static/engine/models/networks.js";
import { decoded, inNode, Mismatches } from "./twins.mjs";

const WEB = new URL("../../../src/mien/web/static/vendor/onnxruntime-web/", import.meta.url).href;
const MOST = 1e-3; // of a probability

export async function run(vectors) {
  const mismatches = new Mismatches();
  const { runtime, code, faces, finds } = decoded(vectors);
  const inNode = typeof process !== "undefined";
  const ort = await import(inNode ? runtime : WEB + runtime.split("/").at(-1));
  if (inNode) ort.env.wasm.wasmBinary = (await import("node:fs")).readFileSync(code);
  else ort.env.wasm.wasmPaths = { wasm: WEB + code.split("/").at(-1) };
  const bytes = (graph) => graph.buffer.slice(graph.byteOffset, graph.byteOffset + graph.byteLength);
  const read = reader(ort, await open(ort, bytes(faces.graph)), faces.spec);
  mismatches.compare("probabilities", await read(faces.crops, faces.count), faces.answers, MOST);
  const find = finder(ort, await open(ort, bytes(finds.graph)));
  const { height, width, channels, picture, answers } = finds;
  const found = await find(picture, height, width, channels);
  mismatches.compare("scores", found.scores, answers.scores, MOST);
  // Of places that show no face, nothing is asked.
  const likely = [...answers.scores.keys()].filter((n) => answers.scores[n] > 0.3);
  for (const [name, each] of [
    ["boxes", 4],
    ["landmarks", 10],
  ]) {
    const some = (values) => likely.flatMap((n) => [...values.slice(n * each, (n + 1) * each)]);
    mismatches.compare(name, some(found[name]), some(answers[name]), 0.05);
  }
  return mismatches.lines;
}

await inNode(run);
