// A track, how it fits faces, and what the faces of a frame show, beside Python's.

import { WIDTH } from "../../../src/mien/web/static/engine/tracking/appearance.js";
import { affinity, Track } from "../../../src/mien/web/static/engine/tracking/track.js";
import { Views } from "../../../src/mien/web/static/engine/tracking/views.js";
import { rows } from "./looks.mjs";
import { decoded, inNode, Mismatches } from "./twins.mjs";

const CLOSE = 1e-7;
const SINGLE = 1e-6; // what is reckoned in single precision

export function run(vectors) {
  const { descriptors, fits, size, views } = decoded(vectors);
  const all = new Mismatches();
  const looks = rows(descriptors, WIDTH);
  fits.forEach((one, n) => {
    fit(all, `fit ${n}`, one, looks);
  });
  views.forEach(({ faces, told }, n) => {
    const shown = new Views(faces, size, () => new Float32Array(1));
    const tell = (_, i) => [shown.portrait(i) !== null, shown.isCut(i), shown.isBeside(i), shown.mayClear(i)];
    all.same(`view ${n}`, faces.map(tell), told);
  });
  return all.lines;
}

function fit(all, where, one, looks) {
  const track = new Track(one.start);
  for (const { unseen, box, look } of one.steps) {
    track.unseen += unseen;
    track.see(box, looks[look]);
  }
  track.unseen = one.unseen;
  track.missedBefore = one.missedBefore;
  all.compare(`${where}, velocity`, track.velocity, one.velocity, CLOSE);
  all.compare(`${where}, age`, [track.age], [one.age], CLOSE);
  all.compare(`${where}, expected`, track.expected(), one.expected, CLOSE);
  const given = one.looks.map((look) => looks[look]);
  all.compare(where, affinity([track], one.faces, given)[0], one.affinity, SINGLE);
}

await inNode(run);
