// A picture by itself: read once, and shown until it is closed.

import { toJpeg } from "./grab.js";

const MAX_SIDE = 1920;
const QUALITY = 0.92;
// The server takes 2 MB; noise may make a picture larger than that.
const MAX_BYTES = 1_900_000;
// What is shown is told again this often, so that a changed setting applies, and a screen reader is
// given what has lasted.
const AGAIN_MS = 500;

export class Still {
  // Draws on `canvas`, and gives what was read to `show`.
  constructor(canvas, connection, show) {
    Object.assign(this, { canvas, connection, show });
    this.isOpen = false;
  }

  // Draws a file. Returns false where it was closed meanwhile; raises an error where the browser
  // cannot decode it.
  async open(file) {
    const turn = (this.turn = {});
    let bitmap;
    try {
      bitmap = await createImageBitmap(file);
    } catch (error) {
      if (turn !== this.turn) return false;
      throw error;
    }
    if (turn !== this.turn) return false;
    const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
    this.canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    this.canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = this.canvas.getContext("2d");
    // JPEG knows no transparency: mid-gray is the ground that disturbs a cut-out face least.
    context.fillStyle = "#808080";
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(bitmap, 0, 0, this.canvas.width, this.canvas.height);
    bitmap.close();
    this.isOpen = true;
    return true;
  }

  // Has what is drawn read. Where the server is lost meanwhile, nothing is shown.
  async read() {
    this.rest();
    const turn = (this.turn = {});
    const analysis = await this.connection.read(await this.#encode());
    if (!analysis || turn !== this.turn) return;
    this.show(analysis);
    this.timer = setInterval(() => this.show(analysis), AGAIN_MS);
  }

  // What was read is told no more.
  rest() {
    this.turn = null;
    clearInterval(this.timer);
  }

  close() {
    this.rest();
    this.isOpen = false;
  }

  async #encode() {
    const whole = await toJpeg(this.canvas, QUALITY);
    return whole.size <= MAX_BYTES ? whole : toJpeg(this.canvas, 0.6);
  }
}

// Whether the browser can decode a file as a picture.
export async function isPicture(file) {
  try {
    (await createImageBitmap(file)).close();
    return true;
  } catch {
    return false;
  }
}
