// @ts-check
// One face of what is shown, with room around it, so that it can be found in its picture again.

import { largestOf } from "../../core/boxes.js";
import { contextOf } from "../../core/dom.js";
import { toJpeg } from "../../core/pictures.js";

/**
 * @typedef {import("../../generated/messages.js").FaceFacts} FaceFacts
 * @typedef {import("../../core/talk.js").Talk} Talk
 */

const ROOM = 2; // a side of the picture, of the face's own
const MOST_SIDE = 256; // in pixels
const MOST_BYTES = 24_000; // what web/teaching.py takes
const QUALITIES = [0.92, 0.8, 0.6, 0.4];
const NEAR = 0.25; // how far a face may be from where it was seen, of the picture's side

/**
 * @param {HTMLVideoElement | HTMLCanvasElement} source what is shown
 * @param {[number, number]} size at which it was read
 * @param {FaceFacts["box"]} box of the face, at that size
 */
export function cut(source, size, [x1, y1, x2, y2]) {
  const [width, height] =
    source instanceof HTMLVideoElement
      ? [source.videoWidth, source.videoHeight]
      : [source.width, source.height];
  const scale = width / size[0];
  const half = (scale * ROOM * Math.max(x2 - x1, y2 - y1)) / 2;
  const [x, y] = [(scale * (x1 + x2)) / 2, (scale * (y1 + y2)) / 2];
  const [left, top] = [Math.max(0, Math.round(x - half)), Math.max(0, Math.round(y - half))];
  const wide = Math.min(width, Math.round(x + half)) - left;
  const high = Math.min(height, Math.round(y + half)) - top;
  const shrink = Math.min(1, MOST_SIDE / Math.max(wide, high));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [wide, high].map((side) => Math.max(1, Math.round(side * shrink)));
  const context = contextOf(canvas);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, left, top, wide, high, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/**
 * Whether a picture shows a face, in its middle: as `mien adapt` will find it, the largest.
 *
 * @param {Talk} engine
 * @param {HTMLCanvasElement} canvas
 */
export async function shows(engine, canvas) {
  const answer = await engine.read(canvas, false, QUALITIES[0]);
  const face = answer && largestOf([...answer.faces]);
  if (!face) return false;
  const [x1, y1, x2, y2] = face.box;
  const apart = [(x1 + x2 - canvas.width) / 2, (y1 + y2 - canvas.height) / 2].map(Math.abs);
  return Math.max(...apart) <= NEAR * Math.max(canvas.width, canvas.height);
}

/**
 * A picture as a JPEG that is no larger than may be sent.
 *
 * @param {HTMLCanvasElement} canvas
 * @returns {Promise<Uint8Array<ArrayBuffer> | null>}
 */
export async function toBytes(canvas) {
  for (const quality of QUALITIES) {
    /** @type {Blob | null} */
    const blob = await toJpeg(canvas, quality);
    if (blob && blob.size <= MOST_BYTES) return new Uint8Array(await blob.arrayBuffer());
  }
  return null;
}
