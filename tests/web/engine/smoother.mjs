// The smoother, the decision and the pace beside Python's.

import { doubt, isSure, needed, split, sum } from "../../../src/mien/web/static/engine/models/decision.js";
import { Pace } from "../../../src/mien/web/static/engine/pipeline/pace.js";
import { Smoother } from "../../../src/mien/web/static/engine/tracking/smoother.js";
import { decoded, inNode, Mismatches } from "./twins.mjs";

const CLOSE = 1e-6;

export function run(vectors) {
  const { walks, outcomes, paces } = decoded(vectors);
  const all = new Mismatches();
  walks.forEach((walk, n) => {
    readWalk(all, `walk ${n}`, walk);
  });
  outcomes.forEach((one, n) => {
    decide(all, `outcome ${n}`, one);
  });
  paces.forEach(({ stamps, stands }, n) => {
    const pace = new Pace();
    const take = (stamp) => {
      if (stamp === null) pace.reset();
      return stamp === null ? null : pace.take(stamp);
    };
    all.same(`pace ${n}`, stamps.map(take), stands);
  });
  return all.lines;
}

function readWalk(all, name, { settings, steps, probabilities }) {
  const smoother = new Smoother(settings);
  const width = probabilities.length / steps.length;
  steps.forEach((step, n) => {
    const where = `${name}, step ${n}`;
    if (step.reset) smoother.reset();
    if (step.keep) smoother.keep(new Set(step.keep));
    const row = probabilities.subarray(n * width, (n + 1) * width);
    const told = { doubt: step.doubt, stands: step.stands };
    const { probabilities: mean, ...said } = smoother.update(step.track, row, step.time, told);
    all.same(where, said, step.said);
    all.compare(where, mean, step.mean, CLOSE);
  });
}

function decide(all, where, { values, other, below, wanted }) {
  const parted = split(values, other);
  all.same(`${where}, probabilities`, [...parted.probabilities], wanted.probabilities);
  all.same(`${where}, other`, parted.other, wanted.other);
  all.same(`${where}, sum`, sum(values), wanted.sum);
  all.same(`${where}, needed`, needed(parted.probabilities, parted.other, below), wanted.needed);
  all.same(`${where}, sure`, isSure(parted.probabilities, parted.other, below), wanted.sure);
  all.same(`${where}, doubt`, doubt(parted.probabilities, parted.other), wanted.doubt);
}

await inNode(run);
