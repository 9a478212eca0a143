// @ts-check
// From what a browser shows to pixels.

import { sizeTo } from "../../core/canvas.js";

/** @typedef {VideoFrame & { rotation?: number, flip?: boolean }} Turned newer browsers have these */

/** @type {OffscreenCanvasRenderingContext2D | null} */
let drawn = null;
let copied = new Uint8Array(0);

/**
 * @param {import("../worker.js").Shown} shown is closed
 * @returns {Promise<import("../types.js").Picture>} holds until the next one is asked for
 */
export async function toPixels({ picture, width, height }) {
  if (picture instanceof ImageData) return picture;
  try {
    return (await copiedFrom(picture, width, height)) ?? drawnFrom(picture, width, height);
  } finally {
    picture.close();
  }
}

// Where nothing is scaled or turned, and the browser can give a frame of a video in these colours, that takes
// half of the time. Browsers that cannot give it as it comes: of other planes, which its size tells, or with red
// and blue in each other's place, which nothing would tell.
async function copiedFrom(picture, width, height) {
  if (typeof VideoFrame === "undefined" || !(picture instanceof VideoFrame)) return null;
  if (picture.format?.startsWith("BGR")) return null;
  const { visibleRect: seen, rotation, flip } = /** @type {Turned} */ (picture);
  if (!seen || seen.width !== width || seen.height !== height || rotation || flip) return null;
  const options = /** @type {VideoFrameCopyToOptions} */ ({ format: "RGBA" });
  const size = 4 * width * height;
  try {
    if (picture.allocationSize(options) !== size) return null;
    if (copied.length !== size) copied = new Uint8Array(size);
    await picture.copyTo(copied, options);
    return { data: copied, width, height };
  } catch {
    return null;
  }
}

function drawnFrom(picture, width, height) {
  drawn ??= contextOf(width, height);
  sizeTo(drawn.canvas, width, height);
  drawn.drawImage(picture, 0, 0, width, height);
  return drawn.getImageData(0, 0, width, height);
}

/**
 * A canvas whose pixels are read.
 *
 * @param {number} width
 * @param {number} height
 */
export function contextOf(width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  return /** @type {OffscreenCanvasRenderingContext2D} */ (context);
}
