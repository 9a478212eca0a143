// Which of two detectors full frames are given to: the fine one, or that of a device with little time.

import { INTERVAL, RoiDetector } from "../../../src/mien/web/static/engine/tracking/roi.js";
import { inNode, Mismatches } from "./twins.mjs";

const PICTURE = { data: new Uint8Array(4 * 640 * 480), width: 640, height: 480 };
const BOX = [300, 200, 360, 270];
const FACE = { box: [24, 24, 72, 72], score: 1, landmarks: null }; // in the middle of its region

export async function run() {
  const all = new Mismatches();
  let [asked, there] = [[], true];
  const detector = async (picture) => {
    if (picture === PICTURE) asked.push("fine");
    return picture !== PICTURE && there ? [FACE] : [];
  };
  const search = async () => {
    asked.push("quick");
    return [];
  };
  const rois = new RoiDetector(Object.assign(detector, { faceSide: 48 }), INTERVAL, Object.assign(search, { faceSide: 48 }));
  const look = async (time, expected, isThere = true) => {
    [asked, there] = [[], isThere];
    await rois.find(PICTURE, time, expected);
    return asked;
  };
  all.same("the first frame", await look(0, []), ["fine"]);
  all.same("a face where it was", await look(0.03, [BOX]), []);
  all.same("somebody may have come in", await look(0.2, [BOX]), ["quick"]);
  all.same("a face that is lost", await look(0.23, [BOX], false), ["fine"]);
  all.same("nobody", await look(0.5, []), ["quick"]);
  return all.lines;
}

await inNode(run);
