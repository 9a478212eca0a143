// @ts-check
// Moments of the live view that the user keeps for practice: pictures in this page's memory only.

import { $, contextOf } from "../core/dom.js";
import { toJpeg } from "../core/pictures.js";
import { fill, tell, words } from "../core/words.js";

const MOST = 40; // the oldest goes first
const MAX_WIDTH = 640;
const QUALITY = 0.9;

export class Kept {
  // `spoken` tells a screen reader; the signs are where index.html has them.
  constructor(spoken) {
    this.spoken = spoken;
    /** @type {Blob[]} */
    this.blobs = [];
    /** @type {HTMLElement[]} */
    this.signs = Array.from(document.querySelectorAll(".kept"));
    /** @type {NodeListOf<HTMLElement>} */
    const buttons = document.querySelectorAll(".kept [data-forget]");
    for (const button of buttons) button.addEventListener("click", () => this.#forget(button.dataset.forget));
    this.#show();
  }

  // Keeps what a <video> or <canvas> shows now.
  async keep(source) {
    const [width, height] = [source.videoWidth ?? source.width, source.videoHeight ?? source.height];
    if (!width) return;
    const scale = Math.min(1, MAX_WIDTH / width);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(width * scale), Math.max(1, Math.round(height * scale))];
    contextOf(canvas).drawImage(source, 0, 0, canvas.width, canvas.height);
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
    document.getElementById(next)?.focus();
  }

  #show() {
    const count = this.blobs.length;
    tell($("practice-moments"), () => fill(words.practice.moments, { count }));
    $("practice-moments").hidden = !count;
    $("practice-hint").hidden = count > 0;
    for (const sign of this.signs) {
      sign.hidden = !count;
      tell(/** @type {HTMLElement} */ (sign.querySelector("p")), () => this.#sign());
    }
  }
}
