// @ts-check
// Pictures for practice: decoded by the browser, read by the server, cut to their largest face.

import { largestOf } from "../core/boxes.js";
import { drawPicture } from "../core/pictures.js";

const MAX_SIDE = 1280;
const CUT_SIDE = 640;
const QUALITY = 0.85; // noise of that size then stays below the 2 MB that the server takes
const ROOM = 1.7; // what is shown around a face, in sides of its box
const TRIES = 3; // a picture at which the connection breaks each time is given up

export class Portraits {
  constructor(connection) {
    this.connection = connection;
    this.held = []; // what waits for the server
  }

  // Call where the server is there, again.
  goOn() {
    for (const resolve of this.held.splice(0)) resolve();
  }

  // Returns {picture, square, reading, close()}, or why there is no face: "faceless" or "unreadable".
  async read(blob) {
    if (blob.type && !blob.type.startsWith("image/")) return "unreadable";
    const canvas = document.createElement("canvas");
    const drawn = await drawPicture(canvas, blob, MAX_SIDE).then(
      () => true,
      () => false,
    );
    const analysis = drawn && (await this.#ask(canvas));
    if (!analysis) return "unreadable";
    const reading = largestOf(analysis.faces);
    if (!reading) return "faceless";
    const square = around(reading.box, analysis.size);
    const [left, top, side] = square;
    const size = Math.min(side, CUT_SIDE);
    /** @type {ImageBitmapOptions} */
    const options = { resizeWidth: size, resizeHeight: size, resizeQuality: "high" };
    const picture = await createImageBitmap(canvas, left, top, side, side, options).catch(() => null);
    if (!picture) return "unreadable";
    return { picture, square, reading, close: () => picture.close() };
  }

  // Returns the answer; null where the server is there and has none.
  async #ask(canvas) {
    for (let tries = 0; tries < TRIES; tries++) {
      if (!this.connection.open) await new Promise((resolve) => this.held.push(resolve));
      const answer = await this.connection.read(canvas, true, QUALITY);
      if (answer || this.connection.open) return answer;
    }
    return null;
  }
}

// The square around a face: [left, top, side], inside the picture as far as it allows.
function around([x1, y1, x2, y2], [width, height]) {
  const within = (value, most) => Math.min(Math.max(value, 0), most);
  const face = Math.max(within(x2, width) - within(x1, width), within(y2, height) - within(y1, height));
  const side = Math.max(1, Math.round(Math.min(ROOM * face, Math.max(face, Math.min(width, height)))));
  const place = (middle, length) =>
    Math.round(length < side ? (length - side) / 2 : within(middle - side / 2, length - side));
  return [place((x1 + x2) / 2, width), place((y1 + y2) / 2, height), side];
}
