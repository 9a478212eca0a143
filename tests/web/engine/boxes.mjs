// Asks the engine for what Python reckoned of boxes; see test_boxes.py.

import { iouMatrix, mainFace, nonMaximumSuppression } from "../../../src/mien/web/static/engine/vision/boxes.js";
import { decoded, inNode, Mismatches } from "./twins.mjs";

export function run(vectors) {
  const mismatches = new Mismatches();
  decoded(vectors).forEach(({ boxes, single, scores, faces, suppressed, ...wanted }, n) => {
    const pairs = Array.from(scores, (_, i) => Array.from(boxes.subarray(4 * i, 4 * i + 4)));
    mismatches.compare(`overlaps ${n}`, iouMatrix(pairs, pairs).flat(), wanted.overlaps, 1e-12);
    mismatches.same(`main face ${n}`, faces.indexOf(mainFace(faces)), wanted.main);
    for (const { threshold, useMinimum, maxInside, kept, keptSingle } of suppressed) {
      const options = { useMinimum, maxInside };
      const name = `suppressed ${n}, ${threshold}, ${JSON.stringify(options)}`;
      mismatches.same(name, nonMaximumSuppression(boxes, scores, threshold, options), kept);
      const found = nonMaximumSuppression(single, scores, threshold, options);
      mismatches.same(`${name}, in single precision`, found, keptSingle);
    }
  });
  return mismatches.lines;
}

await inNode(run);
