// @ts-check
// The drawing on the page: one face, whose look may change while one watches.

import { settings } from "../../core/settings.js";
import { drawFace, SQUARE } from "./face.js";
import { mixed } from "./looks.js";

const GLIDE_MS = 450;

export class Drawing {
  /** @type {import("./people.js").Person | null} */
  person = null;
  /** @type {import("./looks.js").Units} */
  units = {};

  /** @param {SVGSVGElement} svg */
  constructor(svg) {
    this.svg = svg;
    this.share = 1; // how much of the look is there: 0 is the face at rest
    this.moving = 0;
    const [left, top, side] = SQUARE;
    svg.setAttribute("viewBox", `${left} ${top} ${side} ${side}`);
  }

  /**
   * @param {import("./people.js").Person} person
   * @param {import("./looks.js").Units} units
   */
  show(person, units) {
    cancelAnimationFrame(this.moving);
    [this.person, this.units, this.share] = [person, units, 1];
    this.#draw();
  }

  /** @param {boolean} atRest */
  turn(atRest) {
    cancelAnimationFrame(this.moving);
    const [from, to, start] = [this.share, atRest ? 0 : 1, performance.now()];
    const step = (now) => {
      const passed = settings.calm ? 1 : Math.min(1, Math.max(0, (now - start) / GLIDE_MS));
      this.share = from + (to - from) * passed * passed * (3 - 2 * passed);
      this.#draw();
      if (passed < 1) this.moving = requestAnimationFrame(step);
    };
    step(start);
  }

  #draw() {
    if (this.person) {
      this.svg.innerHTML = drawFace(this.person, mixed(this.units, this.share), "drawn");
    }
  }
}
