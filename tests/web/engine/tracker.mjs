// The tracker over whole scenes, beside Python's.

import { WIDTH as DESCRIPTOR } from "../../../src/mien/web/static/engine/tracking/appearance.js";
import { WIDTH as PORTRAIT } from "../../../src/mien/web/static/engine/tracking/portrait.js";
import { Tracker } from "../../../src/mien/web/static/engine/tracking/tracker.js";
import { rows, shaded } from "./looks.mjs";
import { decoded, inNode, Mismatches } from "./twins.mjs";

const CLOSE = 1e-7;

export function run(vectors) {
  const { descriptors, portraits, scenes } = decoded(vectors);
  const all = new Mismatches();
  const looks = { descriptors: rows(descriptors, DESCRIPTOR), portraits: rows(portraits, PORTRAIT) };
  scenes.forEach((scene, n) => {
    track(all, `scene ${n}`, scene, looks);
  });
  return all.lines;
}

function track(all, name, { settings, given, size, frames }, looks) {
  const tracker = new Tracker(settings);
  frames.forEach((frame, n) => {
    if (frame.reset) tracker.reset();
    const where = `${name}, frame ${n}`;
    const { time, stands, seen } = frame;
    const places = tracker.expected(time);
    all.compare(`${where}, seen`, places.seen.flat(), frame.expected[0].flat(), CLOSE);
    all.compare(`${where}, missing`, places.missing.flat(), frame.expected[1].flat(), CLOSE);
    const faces = seen.map(({ face }) => face);
    const asked = [];
    const portray = (face) => {
      const index = faces.indexOf(face);
      asked.push(index);
      const { portrait } = seen[index];
      return portrait && shaded(looks.portraits, portrait);
    };
    const descriptors = given.includes("descriptors") ? seen.map(({ look }) => looks.descriptors[look]) : null;
    const told = { descriptors, size, stands, portray: given.includes("portraits") ? portray : null };
    all.same(`${where}, numbers`, tracker.update(faces, time, told), frame.numbers);
    const ids = [...tracker.ids].sort((a, b) => a - b);
    all.same(`${where}, ids`, ids, frame.ids);
    all.same(`${where}, portrayed`, asked, frame.asked);
  });
}

await inNode(run);
