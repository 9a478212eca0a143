// @ts-check
// The twin of mien/tracking/portrait.py, which says what portraits are: who is who within one
// sitting, by texture of the aligned face and by tones of hair, skin and clothes.

import { sideOf } from "../vision/boxes.js";
import { round } from "../vision/numbers.js";
import { colourRows, toGray } from "../vision/pixels.js";
import { estimateYaw } from "../vision/quality.js";
import { resize } from "../vision/resize.js";
import { gaussianBlur, warpAffine } from "../vision/warp.js";

/**
 * @typedef {import("../types.js").Picture} Picture
 * @typedef {import("../types.js").Face} Face
 */

// Below, texture is the camera's noise; beyond, half of the face is hidden.
export const LEAST_SIDE = 32;
export const MOST_YAW = 0.7;

// The aligned picture: its side in pixels, and in units of the distance between the eyes.
const SIDE = 128;
const SPAN = 6;
const UNIT = SIDE / SPAN;
// The face in it, and the cells along each side of its texture.
const FACE = 64;
const CELLS = 5;
// Uniform patterns, those with two changes at most, have a bin each; all others share the last.
const UNIFORM = Array.from({ length: 256 }, (_, code) => code).filter((code) => changesOf(code) <= 2);
const BINS = UNIFORM.length + 1;
const BIN_OF = Uint8Array.from({ length: 256 }, (_, code) => {
  const bin = UNIFORM.indexOf(code);
  return bin < 0 ? BINS - 1 : bin;
});
const ROW_WEIGHTS = [1, 1, 1, 0.4, 0.4];
const RADIUS = 2;
const NEIGHBOURS = [
  [-1, -1],
  [-1, 0],
  [-1, 1],
  [0, 1],
  [1, 1],
  [1, 0],
  [1, -1],
  [0, -1],
];
// Places in units around the middle between eyes and mouth: top, bottom, left, right.
const HAIR = [
  [-1.75, -1.15, -0.9, -0.3],
  [-1.75, -1.15, -0.3, 0.3],
  [-1.75, -1.15, 0.3, 0.9],
  [-1.2, -0.2, -1.15, -0.75],
  [-1.2, -0.2, 0.75, 1.15],
];
const CHEEKS_AND_NOSE = [
  [-0.1, 0.3, -0.7, -0.25],
  [-0.1, 0.3, 0.25, 0.7],
  [-0.2, 0.2, -0.15, 0.15],
];
const SKIN = [
  [-0.9, -0.6, -0.5, 0.5],
  [-0.45, -0.25, -0.7, -0.2],
  [-0.45, -0.25, 0.2, 0.7],
  ...CHEEKS_AND_NOSE,
  [0.35, 0.6, -0.35, 0.35],
  [0.75, 1.0, -0.4, 0.4],
];
const CLOTHES = [
  [1.9, 2.45, -1.3, -0.45],
  [1.9, 2.45, -0.45, 0.45],
  [1.9, 2.45, 0.45, 1.3],
  [2.45, 2.95, -1.6, -0.5],
  [2.45, 2.95, -0.5, 0.5],
  [2.45, 2.95, 0.5, 1.6],
];
const PLACES = [...HAIR, ...SKIN, ...CLOTHES];
// What each group may take from the likeness.
const TAKES = [
  { places: HAIR.length, takes: 0.2 },
  { places: SKIN.length, takes: 0.3 },
  { places: CLOTHES.length, takes: 0.05 },
];
const CLIP = 0.2;
// Lifts the logarithm of dark pixels out of the noise.
const LIFT = 12;
// Where the colours of skin differ by less (logarithms, the mean of its places) a picture is gray.
const GRAY = 0.03;
const TEXTURE = CELLS * CELLS * BINS;
export const WIDTH = TEXTURE + 3 * PLACES.length;

// How often neighbouring bits of a byte differ, the last being the first's neighbour.
function changesOf(code) {
  const changes = code ^ ((code >> 1) | ((code & 1) << 7));
  return changes.toString(2).replaceAll("0", "").length;
}

/**
 * Describes one face well enough to know it again in this sitting.
 *
 * @param {Picture} picture
 * @param {Face} face
 * @returns {Float32Array | null} null where it is too small, turned away, or without landmarks
 */
export function portray(picture, { box, landmarks }) {
  const side = sideOf(box);
  if (landmarks === null || side < LEAST_SIDE || Math.abs(estimateYaw(landmarks)) > MOST_YAW) return null;
  const aligned = align(picture, landmarks, side);
  if (aligned === null) return null;
  const portrait = new Float32Array(WIDTH);
  putTexture(portrait, aligned);
  putTones(portrait, aligned.data);
  return portrait;
}

/**
 * How alike two portraits are: 1 for the same picture, less for less alike.
 *
 * @param {Float32Array} first
 * @param {Float32Array} second
 */
export function resemblance(first, second) {
  let result = 0;
  for (let i = 0; i < TEXTURE; i++) result += first[i] * second[i];
  let at = TEXTURE;
  for (const { places, takes } of TAKES) {
    let differs = 0;
    for (const end = at + 3 * places; at < end; at++) {
      differs += Math.min(Math.abs(first[at] - second[at]), CLIP);
    }
    result -= (takes * differs) / (3 * places * CLIP);
  }
  return Math.fround(result);
}

/**
 * Whether a portrait is of a picture with colours: a gray one tells less of who it is.
 *
 * @param {Float32Array} portrait
 */
export function hasColour(portrait) {
  let sum = 0;
  for (let place = HAIR.length; place < HAIR.length + SKIN.length; place++) {
    const at = TEXTURE + 3 * place;
    sum += Math.abs(portrait[at + 1]) + Math.abs(portrait[at + 2]);
  }
  return sum / (2 * SKIN.length) >= GRAY;
}

// Turns and scales a picture so that eyes and mouth are at their places, SIDE pixels a side.
function align(picture, points, faceSide) {
  const middleOf = (a, b) => [(points[a][0] + points[b][0]) / 2, (points[a][1] + points[b][1]) / 2];
  const [eyes, mouth] = [middleOf(0, 1), middleOf(3, 4)];
  const [acrossX, acrossY] = [points[1][0] - points[0][0], points[1][1] - points[0][1]];
  const down = Math.hypot(eyes[0] - mouth[0], eyes[1] - mouth[1]);
  // Of a turned head the eyes come nearer to each other, of a nodding one the mouth.
  const unit = Math.sqrt(down * Math.max(Math.hypot(acrossX, acrossY), 0.6 * down));
  const middle = [(eyes[0] + mouth[0]) / 2, (eyes[1] + mouth[1]) / 2];
  // Of a near face, pixels are averaged first: a warp would pick some and leave the others.
  const step = Math.max(1, Math.floor(unit / UNIT));
  const size = [picture.width, picture.height];
  const start = middle.map((at) => Math.trunc(Math.max(at - SPAN * unit, 0)));
  const end = middle.map((at, i) => Math.trunc(Math.min(at + SPAN * unit + 1, size[i])));
  const [width, height] = end.map((at, i) => Math.floor((at - start[i]) / step));
  if (!(unit > 1 && unit < faceSide) || Math.min(width, height) < 1) return null;
  const part = { left: start[0], top: start[1], width, height };
  const turn = { angle: -Math.atan2(acrossY, acrossX), scale: (step * UNIT) / unit };
  const matrix = turning(
    turn,
    middle.map((at, i) => (at - start[i]) / step),
  );
  if (step === 1) return warpAffine(picture, part, matrix, SIDE, SIDE);
  const near = { ...part, width: step * width, height: step * height };
  const room = { data: resize(colourRows(picture, near), width, height, "area"), width, height };
  return warpAffine(room, { left: 0, top: 0, width, height }, matrix, SIDE, SIDE);
}

/**
 * A turn around a place that goes to the middle.
 *
 * @param {{ angle: number, scale: number }} turn
 * @param {number[]} place
 */
function turning({ angle, scale }, [x, y]) {
  const [cos, sin] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  return [cos, -sin, SIDE / 2 - (cos * x - sin * y), sin, cos, SIDE / 2 - (sin * x + cos * y)];
}

// The roots of the cells' histograms of patterns, weighted, of length one.
function putTexture(portrait, aligned) {
  const smooth = gaussianBlur(faceOf(aligned), FACE);
  const side = FACE - 2 * RADIUS;
  const offsets = NEIGHBOURS.map(([dy, dx]) => RADIUS * (dy * FACE + dx));
  const counts = new Float64Array(TEXTURE);
  for (let y = 0; y < side; y++) {
    const cells = CELLS * Math.floor((CELLS * y) / side);
    for (let x = 0; x < side; x++) {
      const at = (y + RADIUS) * FACE + x + RADIUS;
      let code = 0;
      for (let bit = 0; bit < 8; bit++) if (smooth[at + offsets[bit]] >= smooth[at]) code |= 1 << bit;
      counts[(cells + Math.floor((CELLS * x) / side)) * BINS + BIN_OF[code]]++;
    }
  }
  const roots = counts.map((count, i) => Math.sqrt(count * ROW_WEIGHTS[Math.floor(i / BINS / CELLS)]));
  const length = Math.sqrt(roots.reduce((sum, root) => sum + root * root, 0));
  for (let i = 0; i < TEXTURE; i++) portrait[i] = roots[i] / length;
}

function faceOf(aligned) {
  const start = (SIDE - FACE) / 2;
  const gray = toGray(aligned).data;
  const face = new Uint8Array(FACE * FACE);
  for (let y = 0; y < FACE; y++) {
    const from = (start + y) * SIDE + start;
    face.set(gray.subarray(from, from + FACE), y * FACE);
  }
  return face;
}

// Lightness beside the cheeks' and two differences of colour for each place.
function putTones(portrait, data) {
  const tones = PLACES.map((place) => {
    const [red, green, blue] = meansOf(data, place).map((mean) => Math.log(mean + LIFT));
    return [(blue + green + red) / 3, red - green, blue - green];
  });
  const cheeks = CHEEKS_AND_NOSE.map((place) => tones[PLACES.indexOf(place)][0]);
  const usual = cheeks.reduce((sum, light) => sum + light, 0) / cheeks.length;
  tones.forEach(
    ([light, red, blue], i) => void portrait.set([0.5 * (light - usual), red, blue], TEXTURE + 3 * i),
  );
}

// The mean red, green and blue of a place.
function meansOf(data, place) {
  const at = (value) => Math.min(Math.max(round(SIDE / 2 + UNIT * value), 0), SIDE);
  const [top, bottom, left, right] = place.map(at);
  const sums = [0, 0, 0];
  for (let y = top; y < bottom; y++) {
    for (let i = 4 * (y * SIDE + left); i < 4 * (y * SIDE + right); i += 4) {
      sums[0] += data[i];
      sums[1] += data[i + 1];
      sums[2] += data[i + 2];
    }
  }
  return sums.map((sum) => sum / ((bottom - top) * (right - left)));
}
