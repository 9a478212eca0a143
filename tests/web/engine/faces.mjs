// Asks the engine for what Python makes of faces: crops, quality, descriptors, portraits; see test_faces.py.

import { describe, similarity } from "../../../src/mien/web/static/engine/tracking/appearance.js";
import { cropFaces } from "../../../src/mien/web/static/engine/vision/crop.js";
import { hasColour, portray, resemblance } from "../../../src/mien/web/static/engine/tracking/portrait.js";
import { assess } from "../../../src/mien/web/static/engine/vision/quality.js";
import { decoded, inNode, Mismatches } from "./twins.mjs";

// Where OpenCV has no fused operations, a pixel of the aligned face may differ by one, and so a few
// patterns of its texture: as alike are otherwise only two pictures of one moment.
const ALIKE = 0.995;

export function run(vectors) {
  const mismatches = new Mismatches();
  decoded(vectors).forEach((scene, n) => void compareScene(mismatches, scene, `scene ${n}`));
  return mismatches.lines;
}

function compareScene(mismatches, { picture, faces, ...wanted }, scene) {
  for (const { spec, crops } of wanted.crops) {
    const found = cropFaces(picture, faces, spec);
    mismatches.same(`${scene}, crops`, found.length, crops.length);
    const length = crops.length / faces.length;
    faces.forEach(({ box }, n) => {
      const name = `${scene}, crop ${JSON.stringify(spec)} of ${box}`;
      const [from, to] = [n * length, (n + 1) * length];
      mismatches.comparePixels(name, found.subarray(from, to), crops.subarray(from, to));
    });
  }
  const seen = wanted.seen.map((n) => faces[n]);
  const descriptors = describe(picture, seen);
  descriptors.forEach((descriptor, n) => {
    const row = wanted.descriptors.subarray(n * descriptor.length, (n + 1) * descriptor.length);
    mismatches.compare(`${scene}, descriptor of ${seen[n].box}`, descriptor, row, 1e-3);
  });
  const alike = descriptors.flatMap((first) => descriptors.map((second) => similarity(first, second)));
  mismatches.compare(`${scene}, similarities`, alike, wanted.similarities, 1e-3);
  faces.forEach((face, n) => void compareQuality(mismatches, picture, face, wanted.qualities[n], scene));
  const portraits = faces.map((face) => portray(picture, face));
  portraits.forEach((portrait, n) => {
    comparePortrait(mismatches, portrait, wanted.portraits[n], `${scene}, portrait of ${faces[n].box}`);
  });
  const known = portraits.filter((portrait) => portrait !== null);
  mismatches.same(`${scene}, which have colour`, known.map(hasColour), wanted.coloured);
  const like = known.flatMap((first) => known.map((second) => resemblance(first, second)));
  mismatches.compare(`${scene}, resemblances`, like, wanted.resemblances, 1 - ALIKE);
}

function compareQuality(mismatches, picture, face, wanted, scene) {
  const found = assess(picture, face);
  const name = `${scene}, quality of ${face.box}`;
  for (const figure of ["size", "sharpness", "brightness"]) {
    mismatches.compare(`${name}, ${figure}`, [found[figure]], [wanted[figure]], 1e-3 * wanted[figure]);
  }
  if (wanted.yaw === null) mismatches.same(`${name}, yaw`, found.yaw, null);
  else mismatches.compare(`${name}, yaw`, [found.yaw], [wanted.yaw], 1e-6);
  mismatches.same(`${name}, issues`, found.issues, wanted.issues);
}

function comparePortrait(mismatches, portrait, wanted, name) {
  if (portrait === null || wanted === null) {
    mismatches.same(name, portrait, wanted);
  } else if (resemblance(portrait, wanted) < ALIKE) {
    mismatches.compare(name, portrait, wanted, 1e-3);
  }
}

await inNode(run);
