// Detection in regions of interest, beside Python's.

import { RoiDetector } from "../../../src/mien/web/static/engine/tracking/roi.js";
import { decoded, inNode, Mismatches } from "./twins.mjs";

const CLOSE = 1e-9;

export async function run(vectors) {
  const all = new Mismatches();
  const { streams } = decoded(vectors);
  for (const [n, stream] of streams.entries()) await follow(all, `stream ${n}`, stream);
  return all.lines;
}

async function follow(all, name, { side, interval, picture, frames }) {
  let asked = [];
  let answers = [];
  const detector = async (given) => {
    asked.push(given);
    return answers[asked.length - 1];
  };
  const rois = new RoiDetector(Object.assign(detector, { faceSide: side }), interval ?? undefined);
  for (const [n, frame] of frames.entries()) {
    const where = `${name}, frame ${n}`;
    if (frame.reset) rois.reset();
    asked = [];
    answers = frame.calls.map(({ faces }) => faces);
    const found = await rois.find(picture, frame.time, frame.expected, frame.missing);
    const sizes = asked.map(({ width, height }) => [width, height]);
    all.same(`${where}, looked at`, sizes, frame.calls.map(({ size }) => size));
    frame.calls.forEach(({ picture: wanted }, call) => {
      if (wanted) all.comparePixels(`${where}, look ${call}`, withoutAlpha(asked[call]), withoutAlpha(wanted));
      else all.same(`${where}, look ${call}`, asked[call] === picture, true);
    });
    const plain = found.map(({ box: _, ...rest }) => rest);
    all.same(`${where}, faces`, plain, frame.found.map(({ box: _, ...rest }) => rest));
    all.compare(`${where}, boxes`, found.flatMap(({ box }) => box), frame.found.flatMap(({ box }) => box), CLOSE);
  }
}

function withoutAlpha({ data }) {
  return data.filter((_, i) => i % 4 !== 3);
}

await inNode(run);
