// Usual faces beside Python's.

import { UsualFaces } from "../../../src/mien/web/static/engine/pipeline/baseline.js";
import { decoded, inNode, Mismatches } from "./twins.mjs";

const CLOSE = 1e-6;

export function run(vectors) {
  const all = new Mismatches();
  decoded(vectors).walks.forEach(({ reference, steps, outcomes }, n) => {
    const tested = new UsualFaces(reference);
    const width = outcomes.length / steps.length;
    steps.forEach((step, at) => {
      if (step.asked) tested[step.asked](step.track);
      const row = outcomes.subarray(at * width, (at + 1) * width);
      const { read, usual } = tested.read(step.track, row, step.time, { issues: step.issues });
      const where = `walk ${n}, step ${at}`;
      all.same(`${where}, state`, usual?.state, step.usual?.state);
      all.compare(`${where}, read`, [...read, usual?.share ?? 9], [...step.read, step.usual?.share ?? 9], CLOSE);
    });
  });
  return all.lines;
}

await inNode(run);
