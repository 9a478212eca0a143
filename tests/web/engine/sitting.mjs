// Who is back, beside what Python says.

import { WIDTH } from "../../../src/mien/web/static/engine/tracking/portrait.js";
import { least, Sitting } from "../../../src/mien/web/static/engine/tracking/sitting.js";
import { rows, shaded } from "./looks.mjs";
import { decoded, inNode, Mismatches } from "./twins.mjs";

const CLOSE = 1e-9;
const SINGLE = 1e-6; // what is reckoned in single precision

export function run(vectors) {
  const { portraits, sittings, least: leasts } = decoded(vectors);
  const all = new Mismatches();
  const looks = rows(portraits, WIDTH);
  for (const [people, wanted] of leasts) {
    const given = looks.map((portrait) => least(portrait, people));
    all.compare(`least of ${people}`, given, wanted, CLOSE);
  }
  sittings.forEach((sitting, n) => {
    sit(all, `sitting ${n}`, sitting, looks);
  });
  return all.lines;
}

function sit(all, name, { remember, steps }, portraits) {
  const sitting = new Sitting(remember);
  steps.forEach(({ now, there, kept, asked, present, answers }, n) => {
    const where = `${name}, step ${n}`;
    sitting.meet(new Set(there), now);
    for (const [number, one] of kept) sitting.keep(number, shaded(portraits, one));
    const given = new Map(asked.map((one, index) => [index, shaded(portraits, one)]));
    const portrait = given.get(0);
    const others = new Set(present);
    const { known } = answers;
    all.same(`${where}, known`, known.filter((number) => sitting.isKnown(number)), known);
    all.same(`${where}, away`, sitting.isAway(others), answers.away);
    all.same(`${where}, may be back`, sitting.mayBeBack(portrait, others), answers.mayBeBack);
    const alike = known.map((number) => sitting.likeness(number, portrait));
    all.compare(`${where}, likeness`, alike, answers.likeness, SINGLE);
    const like = known.map((number) => sitting.isLike(number, portrait));
    all.same(`${where}, like`, like, answers.isLike);
    const another = known.flatMap((number) =>
      [false, true].map((beside) => sitting.isAnother(number, portrait, beside)),
    );
    all.same(`${where}, another`, another, answers.isAnother);
    all.same(`${where}, recognised`, [...sitting.recognise(given, others)], answers.recognised);
  });
}

await inNode(run);
