// @ts-check
// Pictures of what a <video> shows, for the engine.

const STILL_MS = 66;

export class Grabber {
  /**
   * @param {HTMLVideoElement} video
   * @param {import("../../core/talk.js").Talk} engine
   */
  constructor(video, engine) {
    this.video = video;
    this.engine = engine;
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
      this.ticker ??= new Worker(new URL("./ticker.js", import.meta.url));
      this.ticker.onmessage = () => this.endWait?.();
    } else {
      this.ticker?.terminate();
      this.ticker = null;
      // What was being waited for by the clock is waited for no more.
      this.endWait?.();
    }
  }

  // Returns the present picture, at most that wide, in the form that the engine takes, and when it was
  // taken (milliseconds); null where there is none.
  async take(maxWidth) {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth) return null;
    const scale = Math.min(1, maxWidth / videoWidth);
    const time = performance.now();
    const size = /** @type {const} */ ([Math.round(videoWidth * scale), Math.round(videoHeight * scale)]);
    const picture = await this.engine.take(this.video, ...size);
    return picture && { picture, time };
  }
}
