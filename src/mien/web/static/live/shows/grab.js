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
    /** @type {(() => void) | null} */
    this.endWait = null;
    this.forget();
    for (const event of ["emptied", "seeking"]) video.addEventListener(event, () => this.forget());
    for (const event of ["emptied", "ended"]) video.addEventListener(event, () => this.endWait?.());
    document.addEventListener("visibilitychange", () => this.#tick());
    if ("requestVideoFrameCallback" in video) this.#watch();
  }

  // What is seen now is of something else than what comes.
  forget() {
    this.fresh = false; // whether there is a picture that nobody has waited for
  }

  // Waits until there is a new picture, or nothing to see any more; the last picture of a film is new for ever.
  // One that came while another was read is new: else every second one would be missed by who is a little late.
  next() {
    return new Promise((resolve) => {
      const end = () => {
        if (this.endWait === end) this.endWait = null;
        this.forget();
        resolve(undefined);
      };
      this.endWait = end;
      if (document.hidden) this.#tick();
      else if (this.video.ended) setTimeout(end, STILL_MS);
      else if (!this.video.requestVideoFrameCallback) requestAnimationFrame(end);
      else if (this.fresh) end();
    });
  }

  #watch() {
    this.video.requestVideoFrameCallback(() => {
      this.fresh = true;
      this.endWait?.();
      this.#watch();
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
