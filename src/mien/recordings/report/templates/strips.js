
"use strict";
// Strips tell time and look where they are clicked, and move the video beside them.
(() => {
  const STEPS = 100;

  /** A time in seconds as 1:05.20. */
  function clock(seconds) {
    const ticks = Math.round(Math.abs(seconds) * 100);
    const [hours, minutes] = [Math.floor(ticks / 360000), Math.floor(ticks / 6000) % 60];
    const rest = ((ticks % 6000) / 100).toFixed(2).padStart(5, "0");
    const sign = seconds < 0 ? "−" : "";
    return hours ? `${sign}${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${sign}${minutes}:${rest}`;
  }

  class Strip {
    constructor(track, begin, seconds, moved) {
      this.track = track;
      this.begin = begin;
      this.seconds = seconds;
      this.ends = track.dataset.ends.split(" ").map((end) => Number(end) / 1000);
      this.looks = track.dataset.looks.split(" ").map(Number);
      this.words = JSON.parse(track.dataset.words);
      this.time = begin;
      this.moved = moved;
      this.cursor = track.querySelector(".cursor");
      this.said = track.closest(".strip").querySelector(".said");
      this.#becomeSlider();
    }

    /** Show a time in seconds of stream, whoever chose it. */
    show(time) {
      this.time = Math.min(Math.max(time, this.begin), this.begin + this.seconds);
      const index = this.#index();
      const [from, until] = this.#span(index);
      const text = `${clock(this.time)}: ${this.words[this.looks[index]]}, from ${clock(from)} to ${clock(until)}`;
      this.cursor.hidden = false;
      this.cursor.style.left = `${(100 * (this.time - this.begin)) / this.seconds}%`;
      this.said.textContent = text;
      this.track.setAttribute("aria-valuenow", this.time.toFixed(2));
      this.track.setAttribute("aria-valuetext", text);
    }

    #becomeSlider() {
      const { track } = this;
      const summary = track.getAttribute("aria-label");
      const values = { role: "slider", tabindex: 0, "aria-label": track.dataset.name, "aria-description": summary };
      Object.assign(values, { "aria-valuemin": this.begin, "aria-valuemax": this.begin + this.seconds });
      Object.assign(values, { "aria-valuenow": this.begin, "aria-valuetext": clock(this.begin) });
      for (const [name, value] of Object.entries(values)) track.setAttribute(name, value);
      track.addEventListener("pointerdown", (event) => this.#drag(event));
      track.addEventListener("pointermove", (event) => {
        if (track.hasPointerCapture(event.pointerId)) this.#drag(event);
      });
      track.addEventListener("keydown", (event) => this.#press(event));
    }

    #drag(event) {
      const { left, width } = this.track.getBoundingClientRect();
      if (event.type === "pointerdown") this.track.setPointerCapture(event.pointerId);
      this.moved(this.begin + (this.seconds * (event.clientX - left)) / width, event.type === "pointerdown");
    }

    #press(event) {
      const step = this.seconds / STEPS;
      const change = event.shiftKey;
      const to = {
        ArrowRight: () => (change ? this.#change(1) : this.time + step),
        ArrowUp: () => this.time + step,
        ArrowLeft: () => (change ? this.#change(-1) : this.time - step),
        ArrowDown: () => this.time - step,
        PageUp: () => this.time + 10 * step,
        PageDown: () => this.time - 10 * step,
        Home: () => this.begin,
        End: () => this.begin + this.seconds,
        Enter: () => this.time,
      }[event.key];
      if (!to || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.moved(to(), event.key === "Enter");
    }

    /** Where the next look begins, or this one, or the one before it. */
    #change(way) {
      const index = this.#index();
      const [from, until] = this.#span(index);
      if (way > 0) return until;
      return this.time > from + 0.001 || !index ? from : this.#span(index - 1)[0];
    }

    #span(index) {
      return [this.begin + (index ? this.ends[index - 1] : 0), this.begin + this.ends[index]];
    }

    #index() {
      const at = this.time - this.begin + 1e-6;
      let [low, high] = [0, this.ends.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.ends[middle] > at) high = middle;
        else low = middle + 1;
      }
      return low;
    }
  }

  for (const recording of document.querySelectorAll(".recording")) {
    const [begin, seconds] = [Number(recording.dataset.begin), Number(recording.dataset.seconds)];
    const video = recording.querySelector("video");
    const strips = [];
    const moved = (time, plays) => {
      for (const one of strips) one.show(time);
      if (!video) return;
      video.currentTime = Math.max(0, strips[0].time);
      // A browser may refuse to play; then the picture stands at that place.
      if (plays) video.play().catch(() => {});
    };
    for (const track of recording.querySelectorAll(".scrub")) strips.push(new Strip(track, begin, seconds, moved));
    video?.addEventListener("timeupdate", () => {
      if (!video.paused) for (const one of strips) one.show(video.currentTime);
    });
  }
})();
