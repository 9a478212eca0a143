// A picture by itself: read once, and shown until it is closed.

import { drawPicture, toJpeg } from "../../core/pictures.js";

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
    const drawn = document.createElement("canvas");
    try {
      await drawPicture(drawn, file, MAX_SIDE);
    } catch (error) {
      if (turn !== this.turn) return false;
      throw error;
    }
    if (turn !== this.turn) return false;
    [this.canvas.width, this.canvas.height] = [drawn.width, drawn.height];
    this.canvas.getContext("2d").drawImage(drawn, 0, 0);
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
