// Asks the engine what Python's detector showed to its network, and made of the answers; see test_singleshot.py.

import { singleShotDetector } from "../../../src/mien/web/static/engine/detectors/singleshot.js";
import { decoded, inNode, Mismatches } from "./twins.mjs";

export async function run(vectors) {
  const mismatches = new Mismatches();
  for (const one of decoded(vectors)) await compareCase(mismatches, one);
  return mismatches.lines;
}

async function compareCase(mismatches, { name, picture, info, options, calls, faces }) {
  let call = 0;
  const answer = (data, height, width, channels) => {
    const { given, shape, scores, boxes, landmarks } = calls[call];
    mismatches.same(`${name}, shape of call ${call}`, [1, height, width, channels], shape);
    mismatches.comparePixels(`${name}, pixels of call ${call++}`, data, given);
    return { scores, boxes, landmarks };
  };
  const detect = singleShotDetector(info, answer, options);
  const found = await detect(picture);
  mismatches.same(`${name}, calls`, call, calls.length);
  mismatches.compare(`${name}, scores`, scores(found), scores(faces), 1e-6);
  mismatches.compare(`${name}, boxes`, numbers(found, "box"), numbers(faces, "box"), 1e-4);
  mismatches.compare(`${name}, landmarks`, numbers(found, "landmarks"), numbers(faces, "landmarks"), 1e-4);
}

const scores = (faces) => faces.map(({ score }) => score);
const numbers = (faces, name) => faces.flatMap((face) => face[name].flat());

await inNode(run);
