// How finely full frames are searched, by how long that takes.

import { LIMITS, SMALLEST, searching } from "../../../src/mien/web/static/engine/detectors/search.js";
import { inNode, Mismatches } from "./twins.mjs";

const FRAME = { data: new Uint8Array(0), width: 640, height: 480 };
const WINDOW = { data: new Uint8Array(0), width: 1920, height: 1080 };

export async function run(vectors) {
  const all = new Mismatches();
  all.same("the finest is Python's", SMALLEST[0], vectors.minFace);
  for (const [name, picture, costs, wanted] of CASES) {
    all.same(name, await searched(picture, costs), wanted);
  }
  return all.lines;
}

const LAST = SMALLEST.length - 1;
const ALL = 40 * LIMITS.judged;
// A picture; milliseconds of a search for the smallest faces, and how many searches take that; then how finely
// was searched after each.
const CASES = [
  ["a quick device", FRAME, [[10, ALL]], [0]],
  ["a slow one", FRAME, [[20, ALL]], [1]],
  ["a very slow one", FRAME, [[500, ALL]], [LAST]],
  ["one that gets quick", FRAME, [[30, ALL], [5, ALL]], [2, 0]],
  ["one that is held up once", FRAME, [[10, LIMITS.judged - 1], [900, 1], [10, 1]], [0, 0, 0]],
  ["a large picture may take longer", WINDOW, [[90, ALL]], [0]],
];

async function searched(picture, costs) {
  let [now, cost, last] = [0, 0, -1];
  const make = (side) => {
    const detect = async () => {
      now += cost * (SMALLEST[0] / side) ** 2;
      last = SMALLEST.indexOf(side);
      return [];
    };
    return Object.assign(detect, { faceSide: 48 });
  };
  const search = searching(make, () => now);
  const found = [];
  for (const [each, times] of costs) {
    cost = each;
    for (let i = 0; i < times; i++) await search(picture);
    found.push(last);
  }
  return found;
}

await inNode(run);
