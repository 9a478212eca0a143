// @ts-check
// A picture by itself: read once, and shown until it is closed.

import { contextOf } from "../../core/dom.js";
import { drawPicture } from "../../core/pictures.js";
import { cannotOpen, Show } from "./show.js";

const MAX_SIDE = 1920;
const QUALITY = 0.92;
// What is shown is told again this often, so that a changed setting applies, and a screen reader is
// given what has lasted.
const AGAIN_MS = 500;

export class Picture extends Show {
  constructor(live, canvas, button, connection) {
    super(live, canvas, button);
    this.canvas = canvas;
    this.connection = connection;
    this.file = new File([], ""); // which is to be shown
    this.drawn = false;
  }

  get still() {
    return true;
  }

  get isOpen() {
    return this.drawn;
  }

  /** @returns {[number, number]} */
  get size() {
    return [this.canvas.width, this.canvas.height];
  }

  get name() {
    return this.file.name;
  }

  async open() {
    const request = {};
    this.request = request;
    const drawn = document.createElement("canvas");
    try {
      await drawPicture(drawn, this.file, MAX_SIDE);
    } catch {
      if (request !== this.request) return false;
      throw cannotOpen(this.file);
    }
    if (request !== this.request) return false;
    [this.canvas.width, this.canvas.height] = [drawn.width, drawn.height];
    contextOf(this.canvas).drawImage(drawn, 0, 0);
    this.drawn = true;
    return true;
  }

  // Has what is drawn read. Where the server is lost meanwhile, nothing is shown.
  async begin() {
    this.lose();
    const request = {};
    this.request = request;
    const analysis = await this.connection.read(this.canvas, false, QUALITY);
    if (!analysis || request !== this.request) return;
    const show = () => this.live.stage.showFaces(analysis, false);
    show();
    this.timer = setInterval(show, AGAIN_MS);
  }

  // What was read is told no more.
  lose() {
    this.request = null;
    clearInterval(this.timer);
  }

  stop() {
    this.lose();
    this.drawn = false;
  }
}
