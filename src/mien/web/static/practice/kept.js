// Moments of the live view that the user keeps for practice: pictures in this page's memory only.

import { toJpeg } from "../core/pictures.js";
import { fill, tell, words } from "../core/words.js";

const MOST = 40; // the oldest goes first
const MAX_WIDTH = 640;
const QUALITY = 0.9;

export class Kept {
  // `spoken` tells a screen reader; the signs are where index.html has them.
  constructor(spoken) {
    this.spoken = spoken;
    this.blobs = [];
    this.signs = [...document.querySelectorAll(".kept")];
    for (const sign of this.signs) {
      const forget = sign.querySelector("[data-forget]");
      forget.addEventListener("click", () => this.#forget(forget.dataset.forget));
    }
    this.#show();
  }

  // Keeps what a <video> or <canvas> shows now.
  async keep(source) {
    const [width, height] = [source.videoWidth ?? source.width, source.videoHeight ?? source.height];
    if (!width) return;
    const scale = Math.min(1, MAX_WIDTH / width);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(width * scale), Math.max(1, Math.round(height * scale))];
    canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
    const blob = await toJpeg(canvas, QUALITY);
    if (!blob) return;
    this.blobs = [...this.blobs, blob].slice(-MOST);
    this.#show();
    this.spoken.textContent = this.#sign();
  }

  #sign() {
    const count = this.blobs.length;
    const sign = fill(words.kept.sign, { count });
    return count === MOST ? `${sign} ${words.kept.full}` : sign;
  }

  #forget(next) {
    this.blobs = [];
    this.#show();
    this.spoken.textContent = words.kept.forgotten;
    document.getElementById(next).focus();
  }

  #show() {
    const count = this.blobs.length;
    tell(document.getElementById("practice-moments"), () => fill(words.practice.moments, { count }));
    document.getElementById("practice-moments").hidden = !count;
    document.getElementById("practice-hint").hidden = count > 0;
    for (const sign of this.signs) {
      sign.hidden = !count;
      tell(sign.querySelector("p"), () => this.#sign());
    }
  }
}
