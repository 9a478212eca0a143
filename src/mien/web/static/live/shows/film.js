// A video file of the user's, which the page itself plays.

import { words } from "../../core/words.js";

const SETTLED_MS = 250; // a slider that is dragged asks for many places

export class Film {
  // Shows a file in `video`, with a slider for the place in it. `onEnd` is called at its end, `onJump`
  // where another place is shown; `jumping` is true until then.
  constructor(video, place, { onEnd, onJump }) {
    Object.assign(this, { video, place });
    this.slider = place.querySelector("input");
    this.output = place.querySelector("output");
    this.url = null;
    this.jumping = false;
    this.isOpen = false;
    const on = (name, then) => video.addEventListener(name, () => this.isOpen && then());
    on("ended", onEnd);
    on("seeking", () => {
      this.jumping = true;
      clearTimeout(this.timer);
    });
    on("seeked", () => {
      this.timer = setTimeout(() => {
        this.jumping = false;
        onJump();
      }, SETTLED_MS);
    });
    on("timeupdate", () => this.#tell());
    this.slider.addEventListener("input", () => {
      video.currentTime = Number(this.slider.value);
      this.#tell();
    });
  }

  // Plays a file. Returns false where it was closed meanwhile; raises an error where the browser
  // cannot play it.
  async open(file) {
    const url = (this.url = URL.createObjectURL(file));
    this.video.src = url;
    try {
      await this.video.play();
      if (!this.video.videoWidth) throw new Error("there is sound only");
    } catch (error) {
      if (url !== this.url) return false;
      this.close();
      throw error;
    }
    if (url !== this.url) return false;
    this.isOpen = true;
    // Some recordings do not say how long they are.
    const { duration } = this.video;
    this.place.hidden = !Number.isFinite(duration);
    this.slider.max = this.place.hidden ? 0 : duration;
    this.#tell();
    return true;
  }

  close() {
    this.place.hidden = true;
    if (this.url === null) return;
    URL.revokeObjectURL(this.url);
    clearTimeout(this.timer);
    this.url = null;
    this.isOpen = this.jumping = false;
    this.video.removeAttribute("src");
    this.video.load();
  }

  setPaused(paused) {
    if (!this.isOpen) return;
    if (paused) this.video.pause();
    else this.video.play().catch(() => {}); // it was closed or paused meanwhile
  }

  #tell() {
    const { currentTime, duration } = this.video;
    this.slider.value = currentTime;
    this.output.textContent = words.place(clock(currentTime), clock(duration));
    this.slider.setAttribute("aria-valuetext", this.output.textContent);
  }
}

function clock(seconds) {
  const whole = Math.floor(seconds) || 0;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
