// Asks the engine which parts of faces Python covered, and how; see test_occlusion.py.

import { explain } from "../../../src/mien/web/static/engine/models/occlusion.js";
import { inpaint } from "../../../src/mien/web/static/engine/vision/inpaint.js";
import { landmarksOf, PARTS, partRegions } from "../../../src/mien/web/static/engine/vision/parts.js";
import { fillPolygon } from "../../../src/mien/web/static/engine/vision/polygon.js";
import { decoded, inNode, meanDifference, Mismatches } from "./twins.mjs";

// Painting over goes on from what was painted: a rounding at its start is seen until its end.
const PAINTED = 0.05;
const EFFECT = 0.01;
// Of a line that leaves the picture, the pixels may be others by one.
const CLIPPED = 0.02;

export async function run(vectors) {
  const { polygons, painted, faces } = decoded(vectors);
  const mismatches = new Mismatches();
  for (const {
    size: [width, height],
    corners,
    inside,
    wanted,
  } of polygons) {
    const mask = { data: new Uint8Array(width * height), width, height };
    fillPolygon(mask, corners);
    const name = `polygon ${JSON.stringify(corners)}`;
    if (inside) mismatches.compare(name, mask.data, wanted, 0);
    else mismatches.compare(name, [meanDifference(mask.data, wanted) / 255], [0], CLIPPED);
  }
  painted.forEach(({ picture, mask, reach, wanted }, n) => {
    const { data } = inpaint(picture, mask, reach);
    mismatches.compare(`painted ${n}`, [meanDifference(data, wanted)], [0], PAINTED);
    const rest = data.filter((_, i) => mask[i >> 2] === 0);
    mismatches.compare(
      `painted ${n}, the rest`,
      rest,
      wanted.filter((_, i) => mask[i >> 2] === 0),
      0,
    );
  });
  for (const [n, one] of faces.entries()) await compareFace(mismatches, one, `face ${n}`);
  return mismatches.lines;
}

async function compareFace(
  mismatches,
  { picture, face, spec, labels, crops, effects, points, regions },
  name,
) {
  mismatches.compare(`${name}, landmarks`, landmarksOf(face).flat(), points, 1e-4);
  const found = PARTS.flatMap((part) => partRegions(face)[part].flat());
  mismatches.compare(`${name}, regions`, found, regions, 1e-4);
  const classify = async (given, count) => {
    const length = crops.length / count;
    for (let n = 0; n < count; n++) {
      const [mine, theirs] = [given, crops].map((all) => all.subarray(n * length, (n + 1) * length));
      if (n === 0) mismatches.comparePixels(`${name}, whole`, mine, theirs);
      else mismatches.compare(`${name}, part ${n}`, [meanDifference(mine, theirs)], [0], PAINTED);
    }
    return outcomes(given, count, labels.length);
  };
  const explained = await explain(picture, face, { classify, spec, labels });
  mismatches.same(
    `${name}, parts`,
    explained.map((one) => one.part),
    effects.map((one) => one.part),
  );
  explained.forEach(({ effect, region }, n) => {
    mismatches.compare(`${name}, effect ${n}`, [effect], [effects[n].effect], EFFECT);
    mismatches.compare(`${name}, region ${n}`, region.flat(), effects[n].region, 1e-3);
  });
}

// Bands of the face, from the top to the bottom: the lighter one is, the more probable is its label. The
// last number is of something else, which does not count.
function outcomes(crops, count, labels) {
  const length = crops.length / count;
  const band = Math.floor(length / labels);
  const rows = Array.from({ length: count }, (_, n) => {
    const lights = Array.from({ length: labels }, (__, label) => {
      const start = n * length + label * band;
      return crops.subarray(start, start + band).reduce((sum, value) => sum + value, 0);
    });
    const total = lights.reduce((sum, light) => sum + light, 0);
    return [...lights.map((light) => (0.5 * light) / total), 0.5];
  });
  return Float32Array.from(rows.flat());
}

await inNode(run);
