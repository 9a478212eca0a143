// What is copied of a frame of a video, and what has to be drawn.

import { toPixels } from "../../../src/mien/web/static/engine/sources/shown.js";
import { inNode, Mismatches } from "./twins.mjs";

const [WIDTH, HEIGHT] = [4, 2];
const RGBA = 4 * WIDTH * HEIGHT;

class Frame {
  closed = 0;

  constructor(more) {
    Object.assign(this, { format: "I420", visibleRect: { width: WIDTH, height: HEIGHT }, size: RGBA }, more);
  }

  allocationSize() {
    return this.size;
  }

  async copyTo(bytes) {
    if (this.fails) throw new Error("cannot");
    bytes.fill(7);
  }

  close() {
    this.closed += 1;
  }
}

class Canvas {
  getContext() {
    const getImageData = (_left, _top, width, height) => ({ data: new Uint8Array(4 * width * height), width, height });
    return { canvas: this, drawImage() {}, getImageData };
  }
}

const CASES = [
  ["as it is", {}, true],
  ["in these colours already", { format: "RGBX" }, true],
  ["larger", { visibleRect: { width: 2 * WIDTH, height: 2 * HEIGHT } }, false],
  ["turned", { rotation: 180 }, false],
  ["mirrored", { flip: true }, false],
  ["of other planes, in a browser that knows no formats", { size: (3 * WIDTH * HEIGHT) / 2 }, false],
  ["blue first, which such a browser would not say", { format: "BGRX" }, false],
  ["that cannot be copied", { fails: true }, false],
  ["of which nothing is known", { visibleRect: null, format: null }, false],
];

export async function run() {
  const all = new Mismatches();
  Object.assign(globalThis, { VideoFrame: Frame, ImageData: class {}, OffscreenCanvas: Canvas });
  for (const [name, more, copied] of CASES) {
    const picture = new Frame(more);
    const { data, width, height } = await toPixels({ picture, width: WIDTH, height: HEIGHT });
    all.same(name, [data[0] === 7, data.length, width, height], [copied, RGBA, WIDTH, HEIGHT]);
    all.same(`${name}, closed`, picture.closed, 1);
  }
  return all.lines;
}

await inNode(run);
