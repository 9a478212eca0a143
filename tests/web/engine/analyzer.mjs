// The analyzer over whole scenes, beside Python's.

import { Analyzer, SETTINGS } from "../../../src/mien/web/static/engine/pipeline/analyzer.js";
import { decoded, inNode, Mismatches } from "./twins.mjs";

const CLOSE = 1e-6; // probabilities, places
const QUALITY = 1e-2; // brightness and sharpness, of bytes that may differ by a level

export async function run(vectors) {
  const { room, people, settings, scenes } = decoded(vectors);
  const all = new Mismatches();
  for (const [n, scene] of scenes.entries()) await watch(all, `scene ${n}`, scene, room, people);
  all.same("settings", SETTINGS, settings);
  const { quality: _, ...times } = settings;
  for (const name of Object.keys(times)) all.same(`${name} below 0`, refusal({ [name]: -0.1 }).includes(name), true);
  for (const below of [-0.1, 40, Number.NaN]) {
    all.same(`${below} is no probability`, refusal({}, below).includes("notSureBelow"), true);
  }
  for (const given of [[Number.NaN, 0.5], [0.5, 0.4], [1]]) {
    all.same(`${given} of a model`, (await failure(given, room)).includes("probabilities"), true);
  }
  const told = await failure([0.5, 0.5], room, Number.NaN);
  all.same("no time", told.includes("timestamp"), true);
  return all.lines;
}

const BUNDLE = {
  labels: ["sad", "happy"],
  other: false,
  notSureBelow: 0.5,
  spec: { size: 8, channels: 1, crop_scale: 1, alignment: "none" },
};
const FACE = { box: [10, 10, 60, 60], score: 1, landmarks: null };

// What an analyzer of such settings is refused with.
function refusal(settings, notSureBelow = 0.5) {
  try {
    make([], { notSureBelow }, settings);
    return "";
  } catch (error) {
    return error.message;
  }
}

// Why a frame cannot be read where the model gives this.
async function failure(given, picture, timestamp = 0) {
  const analyzer = make([FACE], { classifier: async () => Float32Array.from(given) });
  const frame = { picture, index: 0, timestamp, source: "test" };
  return analyzer.read(frame).then(
    () => "",
    (error) => error.message,
  );
}

function make(faces, bundle, settings = {}) {
  const detector = Object.assign(async () => faces, { faceSide: 48 });
  return new Analyzer(detector, { ...BUNDLE, ...bundle }, settings);
}

async function watch(all, name, { faceSide, bundle, settings, frames }, room, people) {
  let [found, probabilities, crops] = [[], [], 0];
  const detector = Object.assign(async () => found.shift(), { faceSide });
  const classifier = async (given, count) => {
    crops = given.length / count;
    return probabilities.shift();
  };
  const analyzer = new Analyzer(detector, { ...bundle, classifier }, settings);
  const { size, channels } = bundle.spec;
  for (const frame of frames) {
    const { frame: index, time: timestamp, source } = frame.analysis;
    const where = `${name}, frame ${index}`;
    [found, probabilities, crops] = [[...frame.found], [...frame.probabilities], size * size * channels];
    const picture = { ...room, data: room.data.slice() };
    for (const [who, x, y] of frame.there) paste(picture, people[who], x, y);
    if (frame.asked) analyzer.askUsual(...frame.asked);
    const analysis = await analyzer.read({ picture, index, timestamp, source });
    all.same(`${where}, calls that were not made`, [found.length, probabilities.length], [0, 0]);
    all.same(`${where}, numbers of a crop`, crops, size * size * channels);
    compare(all, where, analysis, frame.analysis);
  }
}

// Puts somebody into a picture, so far as there is room.
function paste(picture, person, left, top) {
  for (let y = Math.max(-top, 0); y < Math.min(person.height, picture.height - top); y++) {
    const from = Math.max(-left, 0);
    const to = Math.min(person.width, picture.width - left);
    const row = person.data.subarray(4 * (y * person.width + from), 4 * (y * person.width + to));
    picture.data.set(row, 4 * ((top + y) * picture.width + left + from));
  }
}

function compare(all, where, { faces, timings, ...given }, { faces: wantedFaces, timings: stages, ...wanted }) {
  all.same(where, given, wanted);
  all.same(`${where}, stages`, Object.keys(timings), Object.keys(stages));
  const places = (face) => [...face.box, ...(face.landmarks ?? []).flat(), face.quality.size, face.quality.yaw ?? 9, face.usual?.share ?? 9];
  const shares = (face) => [face.confidence, face.other, ...Object.values(face.probabilities), ...Object.values(face.raw)];
  all.same(`${where}, faces`, faces.map(said), wantedFaces.map(said));
  if (faces.length !== wantedFaces.length) return;
  faces.forEach((face, n) => {
    const other = wantedFaces[n];
    const one = `${where}, face ${n}`;
    all.compare(`${one}, places`, places(face), places(other), CLOSE);
    all.compare(`${one}, shares`, shares(face), shares(other), CLOSE);
    all.compare(`${one}, brightness`, [face.quality.brightness], [other.quality.brightness], QUALITY);
    all.compare(`${one}, sharpness`, [(1 + face.quality.sharpness) / (1 + other.quality.sharpness)], [1], QUALITY);
  });
}

// All but numbers that may differ by a little.
function said({ box, landmarks, confidence, other, probabilities, raw, quality, usual, ...rest }) {
  return { ...rest, usual: usual?.state, landmarks: landmarks !== null, names: [probabilities, raw].map(Object.keys), issues: quality.issues };
}

await inNode(run);
