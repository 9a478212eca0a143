// @ts-check
// Frames and words over the live picture, drawn at display rate between the results while they move;
// while nothing does, nothing is asked of the display, which would cost as much as to draw.

import { areaOf } from "../core/boxes.js";
import { sizeTo } from "../core/canvas.js";
import { contextOf } from "../core/dom.js";
import { lineOf, readingLook, tint } from "../core/looks.js";
import { people } from "../core/people.js";
import { settings } from "../core/settings.js";
import { partRegions } from "../engine/vision/parts.js";
import { drawLabel, labelParts, measured, textSize } from "./label.js";
import { place } from "./placement.js";

const FOLLOW_MS = 70; // time constant of the frames' movement
const FADE_MS = 160;
const LEAST_MOVE = 0.05; // of the picture's pixels; what moves less is where it is going
const FRAME = 3; // width of a frame's line in pixels
const EDGE = 4; // pixels at the edge of the picture that stay free

/**
 * @typedef {[number, number, number, number]} Box
 *
 * @typedef {object} Drawn
 * @property {Box} goal where it is
 * @property {Box} box where it is drawn
 * @property {number} alpha
 * @property {boolean} present
 * @property {import("../generated/messages.js").FaceFacts} reading
 * @property {string} said
 */

export class Overlay {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = contextOf(canvas);
    /** @type {Map<number, Drawn>} */
    this.faces = new Map();
    /** @type {[number, number]} */
    this.size = [16, 9];
    this.mirrored = false;
    this.running = false;
    this.awake = false; // whether the next step is asked for
    this.stale = true; // whether what is drawn is not what there is to see
    this.front = /** @type {number | null} */ (null); // the face that is pointed at
    settings.onChange(() => {
      this.stale = true;
      this.#wake();
    });
    people.onChange(() => {
      this.stale = true;
      this.#wake();
    });
    new ResizeObserver(() => this.#wake()).observe(canvas);
  }

  start(mirrored) {
    this.mirrored = mirrored;
    this.faces.clear();
    this.stale = true;
    this.running = true;
    this.#wake();
  }

  stop() {
    this.running = false;
    this.faces.clear();
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /**
   * The words of one face come before those of the others.
   *
   * @param {number | null} id
   */
  bringForward(id) {
    if (id === this.front) return;
    this.front = id;
    this.stale = true;
    this.#wake();
  }

  /**
   * The face at a point of the page, the smallest of several; null where there is none.
   *
   * @param {number} clientX
   * @param {number} clientY
   */
  at(clientX, clientY) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const [x, y] = [clientX - left, clientY - top];
    const fit = fitInside(this.size, [width, height]);
    const there = [...this.faces]
      .map(([id, face]) => ({ id, box: fitBox(fit, face.box) }))
      .filter(({ box: [x1, y1, x2, y2] }) => x1 <= x && x <= x2 && y1 <= y && y <= y2);
    return there.sort((a, b) => areaOf(a) - areaOf(b))[0]?.id ?? null;
  }

  // Lets all frames fade out.
  clear() {
    for (const face of this.faces.values()) face.present = false;
    this.#wake();
  }

  /**
   * Takes the newest result; the frames glide to it.
   *
   * @param {import("../generated/messages.js").Analyzed | import("../generated/messages.js").StillAnalyzed} analysis
   */
  show(analysis) {
    this.stale ||= String(this.size) !== String(analysis.size);
    this.size = analysis.size;
    this.clear();
    for (const reading of analysis.faces) {
      const [x1, y1, x2, y2] = reading.box;
      /** @type {Box} */
      const goal = this.mirrored ? [this.size[0] - x2, y1, this.size[0] - x1, y2] : [x1, y1, x2, y2];
      const known = this.faces.get(reading.track_id);
      const said = JSON.stringify(readingLook(reading));
      this.stale ||= known?.said !== said;
      this.faces.set(reading.track_id, {
        goal,
        box: known?.box ?? goal,
        alpha: known?.alpha ?? 0,
        present: true,
        reading,
        said,
      });
    }
  }

  #wake() {
    if (this.awake || !this.running) return;
    this.awake = true;
    this.last = performance.now();
    requestAnimationFrame((now) => this.#step(now));
  }

  #step(now) {
    this.awake = this.running && this.#draws(now);
    if (this.awake) requestAnimationFrame((next) => this.#step(next));
  }

  // Draws what is not drawn yet; returns whether something is still on its way.
  #draws(now) {
    const elapsed = Math.max(0, Math.min(now - this.last, 100));
    this.last = now;
    this.#move(elapsed);
    this.#fitCanvas();
    if (this.stale) this.#draw();
    return [...this.faces.values()].some(
      ({ box, goal, alpha, present }) => alpha !== Number(present) || isAway(box, goal),
    );
  }

  #move(elapsed) {
    const share = settings.calm ? 1 : 1 - Math.exp(-elapsed / FOLLOW_MS);
    const fade = settings.calm ? 1 : elapsed / FADE_MS;
    for (const [id, face] of this.faces) {
      const { box, goal, alpha } = face;
      if (isAway(box, goal)) {
        face.box = /** @type {Box} */ (box.map((value, i) => value + (goal[i] - value) * share));
        this.stale = true;
      }
      face.alpha = Math.max(0, Math.min(1, alpha + (face.present ? fade : -fade)));
      this.stale ||= face.alpha !== alpha;
      if (!face.present && face.alpha === 0) this.faces.delete(id);
    }
  }

  #fitCanvas() {
    const { canvas } = this;
    const ratio = devicePixelRatio || 1;
    const size = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.round(side * ratio));
    if (sizeTo(canvas, size[0], size[1])) this.stale = true;
  }

  #draw() {
    this.stale = false;
    const { canvas, context } = this;
    const ratio = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const fit = fitInside(this.size, [width, height]);
    const numbered = this.faces.size > 1;
    const shown = [...this.faces].map(([id, face]) => {
      const look = readingLook(face.reading);
      // The one word of the nearest face stands beside the picture.
      const parts = settings.values.nearest
        ? null
        : labelParts(look, people.name(id) || (numbered ? id : null));
      return { id, face, look, parts, box: fitBox(fit, face.box) };
    });
    for (const { face, look, box } of shown) {
      context.globalAlpha = face.alpha;
      drawFrame(context, box, look.kind);
    }
    const [most, text] = [width - 2 * EDGE, textSize(height)];
    const labels = shown.flatMap(({ id, face, box, parts }) => {
      if (!parts) return [];
      const [word, sign] = [parts.word, parts.sign].map((part) => measured(context, part, most, text));
      return [{ face, box, word, sign, front: id === this.front }];
    });
    /** @type {import("./placement.js").Spot[]} */
    const spots = labels.map(({ box, word, sign, front }) => ({
      box,
      free: [],
      word: word.size,
      sign: sign.size,
      front,
    }));
    // No word lies on any face, whether something is said of it or not.
    if (spots.length) spots[0].free = shown.flatMap(({ face }) => this.#partsOf(face, fit));
    place(spots, [EDGE, EDGE, width - EDGE, height - EDGE]).forEach((placed, i) => {
      if (!placed) return;
      context.globalAlpha = labels[i].face.alpha;
      drawLabel(context, labels[i][placed.kind], placed);
    });
    context.globalAlpha = 1;
  }

  // Eyes and mouth where the face is drawn, which is on its way to where it is.
  #partsOf({ reading, goal, box }, fit) {
    const scale = (box[2] - box[0]) / (goal[2] - goal[0]);
    const { eyes, mouth } = partRegions(reading);
    return [eyes, mouth].map((corners) =>
      corners.map(([x, y]) => {
        const there = this.mirrored ? this.size[0] - x : x;
        return fit([box[0] + (there - goal[0]) * scale, box[1] + (y - goal[1]) * scale]);
      }),
    );
  }
}

/**
 * @param {Box} box
 * @param {Box} goal
 */
function isAway(box, goal) {
  return box.some((value, i) => Math.abs(goal[i] - value) > LEAST_MOVE);
}

// The picture fills as much of the canvas as its shape allows, as `object-fit: contain` does.
/**
 * @param {[number, number]} picture
 * @param {[number, number]} canvas
 * @returns {(point: [number, number]) => [number, number]}
 */
function fitInside([w, h], [width, height]) {
  const scale = Math.min(width / w, height / h);
  const [left, top] = [(width - w * scale) / 2, (height - h * scale) / 2];
  return ([x, y]) => [left + x * scale, top + y * scale];
}

/**
 * @param {(point: [number, number]) => [number, number]} fit
 * @param {Box} box
 * @returns {Box}
 */
function fitBox(fit, [x1, y1, x2, y2]) {
  return [...fit([x1, y1]), ...fit([x2, y2])];
}

function drawFrame(context, [x1, y1, x2, y2], kind) {
  const [width, height] = [x2 - x1, y2 - y1];
  const radius = Math.min(width, height) * 0.22;
  context.setLineDash(lineOf(kind).map((length) => length * FRAME));
  context.lineCap = "round";
  // A dark line below the light one, so that the frame shows on every ground.
  for (const [line, colour] of [
    [2 * FRAME, "rgba(10, 16, 17, 0.4)"],
    [FRAME, tint(kind)],
  ]) {
    context.lineWidth = line;
    context.strokeStyle = colour;
    context.beginPath();
    context.roundRect(x1, y1, width, height, radius);
    context.stroke();
  }
  context.setLineDash([]);
}
