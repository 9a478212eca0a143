// Asks the engine's twin where scenes end; see test_cuts.py.

import { CutFinder, shrunk } from "../../../src/mien/web/static/engine/tracking/cuts.js";
import { decoded, inNode, Mismatches } from "./twins.mjs";

export function run(vectors) {
  const all = new Mismatches();
  for (const [n, { frames }] of decoded(vectors).entries()) {
    const finder = new CutFinder();
    for (const [index, frame] of frames.entries()) {
      const where = `scene ${n}, frame ${index}`;
      if (frame.reset) finder.reset();
      all.compare(`${where}, cells`, [...shrunk(frame.picture)], [...frame.cells], 0);
      const { whole, faces } = finder.find(frame.picture, frame.time, frame.faces);
      all.same(where, [whole, ...faces], frame.cut);
    }
  }
  return all.lines;
}

await inNode(run);
