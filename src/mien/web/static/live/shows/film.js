// @ts-check
// A video file of the user's, which the page itself plays.

import { fill, words } from "../../core/words.js";
import { cannotOpen, SentShow } from "./show.js";

const SETTLED_MS = 250; // a slider that is dragged asks for many places
// Words hold on to what was before. The last picture stays for long: it is read until they are its own.
const STAYS_MS = 1200;
const STAYS_TIMES = 6; // at least, where a busy machine reads few pictures in that time

export class Film extends SentShow {
  // `scrubber` has a slider for the place in the film.
  constructor(live, video, button, feed, scrubber) {
    super(live, video, button, feed);
    this.scrubber = scrubber;
    this.slider = scrubber.querySelector("input");
    this.output = scrubber.querySelector("output");
    this.file = new File([], ""); // which is to be shown
    /** @type {string | null} */
    this.url = null;
    this.jumping = false; // until another place is shown
    this.plays = false;
    this.endedAt = Infinity; // when its last picture came
    this.stays = 0; // how often that was read since
    this.#watch();
    this.slider.addEventListener("input", () => {
      this.jump(Number(this.slider.value));
    });
  }

  get isOpen() {
    return this.plays;
  }

  get busy() {
    return this.jumping;
  }

  get name() {
    return this.file.name;
  }

  async open() {
    if (!this.file.size) throw cannotOpen(this.file); // nothing to ask the browser about
    const url = URL.createObjectURL(this.file);
    this.url = url;
    this.video.src = url;
    try {
      await this.video.play();
      if (!this.video.videoWidth) throw new Error("there is sound only");
    } catch {
      if (url !== this.url) return false;
      throw cannotOpen(this.file);
    }
    if (url !== this.url) return false;
    this.plays = true;
    // Some recordings do not say how long they are.
    const { duration } = this.video;
    this.scrubber.hidden = !Number.isFinite(duration);
    this.slider.max = this.scrubber.hidden ? 0 : duration;
    this.#tell();
    return true;
  }

  // It may have been paused, or out of sight, while it was opened.
  begin() {
    this.turn();
    super.begin();
  }

  pause() {
    this.turn();
  }

  resume() {
    this.turn();
  }

  turn() {
    if (!this.isOpen) return;
    if (this.live.rests) this.video.pause();
    else if (!this.video.ended) this.video.play().catch(() => {}); // it was closed or paused meanwhile
  }

  get place() {
    return this.video.currentTime;
  }

  // From its end it goes on from there.
  jump(place) {
    this.video.currentTime = place;
    this.#tell();
    if (this.live.state === "done") this.live.again();
    else this.turn();
  }

  /** @param {import("./show.js").Analyzed} analysis */
  take(analysis) {
    const { taken } = this.feed;
    super.take(analysis);
    if (!this.video.ended || this.live.halted || taken < this.endedAt) return;
    this.stays += 1;
    if (this.stays >= STAYS_TIMES && taken >= this.endedAt + STAYS_MS) this.live.end();
  }

  // From the beginning, unless another place was asked for.
  again() {
    if (this.video.ended) this.video.currentTime = 0;
    this.turn();
  }

  stop() {
    this.scrubber.hidden = true;
    if (this.url === null) return;
    URL.revokeObjectURL(this.url);
    clearTimeout(this.timer);
    this.url = null;
    this.plays = this.jumping = false;
    this.video.removeAttribute("src");
    this.video.load();
  }

  #watch() {
    const on = (name, then) => this.video.addEventListener(name, () => this.isOpen && then());
    on("ended", () => {
      this.endedAt = performance.now();
      this.stays = 0;
    });
    on("seeking", () => {
      this.jumping = true;
      clearTimeout(this.timer);
    });
    on("seeked", () => {
      this.timer = setTimeout(() => {
        this.jumping = false;
        this.live.renew(); // whoever is there now is not whoever was there before
      }, SETTLED_MS);
    });
    on("timeupdate", () => this.#tell());
  }

  #tell() {
    const { currentTime, duration } = this.video;
    this.slider.value = currentTime;
    this.output.textContent = fill(words.place, { now: clock(currentTime), length: clock(duration) });
    this.slider.setAttribute("aria-valuetext", this.output.textContent);
  }
}

function clock(seconds) {
  const whole = Math.floor(seconds) || 0;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
