// @ts-check
// Pictures of what a <video> shows, for the server.

import { contextOf } from "../../core/dom.js";
import { toJpeg } from "../../core/pictures.js";

const QUALITY = 0.8;
const STILL_MS = 66;

export class Grabber {
  constructor(video) {
    this.video = video;
    this.canvas = document.createElement("canvas");
    this.context = contextOf(this.canvas, { alpha: false });
    /** @type {Worker | null} */
    this.ticker = null;
    for (const event of ["emptied", "ended"]) video.addEventListener(event, () => this.endWait?.());
    document.addEventListener("visibilitychange", () => this.#tick());
  }

  // Waits until there is a new picture, or nothing to see any more; the last picture of a film is new for ever.
  next() {
    return new Promise((resolve) => {
      const end = () => resolve(undefined);
      this.endWait = end;
      if (document.hidden) this.#tick();
      else if (this.video.ended) setTimeout(end, STILL_MS);
      else if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(end);
      else requestAnimationFrame(end);
    });
  }

  // Browsers tell of no new picture while the page is out of sight: it is looked at by the clock then.
  #tick() {
    if (document.hidden && this.endWait) {
      this.ticker ??= new Worker("/static/live/shows/ticker.js");
      this.ticker.onmessage = () => this.endWait?.();
    } else {
      this.ticker?.terminate();
      this.ticker = null;
      // What was being waited for by the clock is waited for no more.
      this.endWait?.();
    }
  }

  // Returns the present picture as a JPEG of at most that width, and when it was taken
  // (milliseconds); null where there is none.
  async take(maxWidth) {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth) return null;
    const scale = Math.min(1, maxWidth / videoWidth);
    const [width, height] = [Math.round(videoWidth * scale), Math.round(videoHeight * scale)];
    // To set a size, even the same, empties a canvas and allots it anew.
    if (this.canvas.width !== width || this.canvas.height !== height) {
      [this.canvas.width, this.canvas.height] = [width, height];
    }
    const time = performance.now();
    this.context.drawImage(this.video, 0, 0, width, height);
    const blob = await toJpeg(this.canvas, QUALITY);
    return blob && { blob, time };
  }
}
