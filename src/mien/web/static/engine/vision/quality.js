// @ts-check
// The twin of mien/vision/quality.py: how well a face can be seen.

import { sideOf } from "./boxes.js";
import { cropFaces } from "./crop.js";
import { brightnessAndSharpness } from "./warp.js";

/**
 * @typedef {import("../types.js").Picture} Picture
 * @typedef {import("../types.js").Face} Face
 * @typedef {import("../types.js").Point} Point
 * @typedef {import("../../generated/messages.js").QualityFacts} QualityFacts
 */

// Faces are judged at one size, so that a figure means the same for a near and a far face.
const VIEW = { size: 64, channels: 1, crop_scale: 1, alignment: "none" };

/**
 * With these a reading is a guess. A blurred face is often still read well.
 *
 * @type {ReadonlySet<QualityFacts["issues"][number]>}
 */
export const DOUBTFUL = new Set(["too small", "dark", "turned away"]);

// Where a face stops being good enough; the settings in Python say how these were found.
export const QUALITY_SETTINGS = { minSize: 24, minSharpness: 20, minBrightness: 25, maxYaw: 0.85 };

/**
 * Judges one face.
 *
 * @param {Picture} picture
 * @param {Face} face
 * @param {typeof QUALITY_SETTINGS} settings
 * @returns {QualityFacts}
 */
export function assess(picture, face, settings = QUALITY_SETTINGS) {
  const { brightness, sharpness } = brightnessAndSharpness(cropFaces(picture, [face], VIEW), VIEW.size);
  const size = sideOf(face.box);
  const yaw = face.landmarks && estimateYaw(face.landmarks);
  /** @type {QualityFacts["issues"]} */
  const issues = [];
  if (size < settings.minSize) issues.push("too small");
  if (brightness < settings.minBrightness) issues.push("dark");
  if (sharpness < settings.minSharpness) issues.push("blurred");
  if (yaw !== null && Math.abs(yaw) > settings.maxYaw) issues.push("turned away");
  return { size, sharpness, brightness, yaw, issues };
}

/**
 * Head turn from where the nose stands between the eyes: 0 to the front, -1 where the nose is at or
 * beyond the eye on the picture's left, 1 at the eye on its right.
 *
 * @param {Point[]} landmarks
 */
export function estimateYaw([left, right, nose]) {
  const [x, y] = [right[0] - left[0], right[1] - left[1]];
  const length = x * x + y * y;
  if (length === 0) return 0;
  const along = (nose[0] - left[0]) * x + (nose[1] - left[1]) * y;
  return Math.min(Math.max((2 * along) / length - 1, -1), 1);
}
