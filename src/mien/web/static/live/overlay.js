// @ts-check
// Frames and words over the live picture, drawn at display rate between the results while they move;
// while nothing does, nothing is asked of the display, which would cost as much as to draw.

import { contextOf } from "../core/dom.js";
import { drawShape, lineOf, readingLook, tint } from "../core/looks.js";
import { settings } from "../core/settings.js";

const FOLLOW_MS = 70; // time constant of the frames' movement
const FADE_MS = 160;
const LEAST_MOVE = 0.05; // of the picture's pixels; what moves less is where it is going
const GROUND = "rgba(14, 21, 22, 0.8)";
const FIRM_GROUND = "#000000"; // for the theme of high contrast
const INK = "#f6f8f7";
const FRAME = 3; // width of a frame's line in pixels
const SMALLEST = 11; // size of the text in pixels
const TEXT_SCALE = { normal: 1, large: 1.2, larger: 1.4 };

/**
 * @typedef {[number, number, number, number]} Box
 *
 * @typedef {object} Drawn
 * @property {Box} goal where it is
 * @property {Box} box where it is drawn
 * @property {number} alpha
 * @property {boolean} present
 * @property {import("../core/messages.js").FaceFacts} reading
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
    settings.onChange(() => {
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

  // Lets all frames fade out.
  clear() {
    for (const face of this.faces.values()) face.present = false;
    this.#wake();
  }

  /**
   * Takes the newest result; the frames glide to it.
   *
   * @param {import("../core/messages.js").Analyzed | import("../core/messages.js").StillAnalyzed} analysis
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
    if (canvas.width === size[0] && canvas.height === size[1]) return;
    [canvas.width, canvas.height] = size; // which empties it
    this.stale = true;
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
    const taken = [];
    for (const [id, face] of this.faces) {
      context.globalAlpha = face.alpha;
      const box = fit(face.box);
      const shown = readingLook(face.reading);
      drawFrame(context, box, shown.kind);
      // The one word of the nearest face stands beside the picture.
      if (settings.values.nearest) continue;
      const label = labelParts(shown, numbered ? id : null);
      if (label) drawLabel(context, box, label, [width, height], taken, textSize(height));
    }
    context.globalAlpha = 1;
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
 * @returns {(box: Box) => Box}
 */
function fitInside([w, h], [width, height]) {
  const scale = Math.min(width / w, height / h);
  const [left, top] = [(width - w * scale) / 2, (height - h * scale) / 2];
  return ([x1, y1, x2, y2]) => [left + x1 * scale, top + y1 * scale, left + x2 * scale, top + y2 * scale];
}

// What stands in a label: an icon, a line, the reasons. Null where there is nothing to say.
function labelParts({ kind, look, reasons }, number) {
  const { show } = settings.values;
  const icon = show !== "words" && look ? kind : null;
  const text = [number, show !== "icons" && look].filter(Boolean).join("  ");
  return icon || text ? { icon, text, reason: show === "icons" ? "" : reasons } : null;
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

function textSize(height) {
  return Math.max(16, Math.min(24, height * 0.042)) * TEXT_SCALE[settings.values.text];
}

function drawLabel(context, box, label, [width, height], taken, size) {
  const { icon, text, reason } = label;
  const small = size * 0.78;
  const font = "system-ui, sans-serif";
  context.font = `600 ${size}px ${font}`;
  const wide = context.measureText(text).width;
  context.font = `${small}px ${font}`;
  const reasonWide = reason ? context.measureText(reason).width : 0;
  const textWide = Math.max(wide, reasonWide);
  const pad = size * 0.55;
  const iconSize = size * (text ? 1.25 : 1.5);
  const left = icon ? pad + iconSize : pad * 0.4; // where the text begins, but for a gap
  const pillWidth = left + (textWide ? pad * 0.7 + textWide + pad * (icon ? 0.9 : 1.1) : pad);
  // On a phone a long word is written smaller rather than cut off.
  if (pillWidth > width - 8 && size > SMALLEST) {
    const smaller = Math.max(SMALLEST, (0.99 * size * (width - 8)) / pillWidth);
    drawLabel(context, box, label, [width, height], taken, smaller);
    return;
  }
  const pillHeight = size * 2 + (reason ? small * 1.4 : 0);
  const [x, y] = place(box, [pillWidth, pillHeight], [width, height], taken);
  context.fillStyle = settings.theme === "contrast" ? FIRM_GROUND : GROUND;
  context.beginPath();
  context.roundRect(x, y, pillWidth, pillHeight, Math.min(size, pillHeight / 2));
  context.fill();
  if (icon) drawShape(context, icon, x + pad, y + (pillHeight - iconSize) / 2, iconSize);
  context.fillStyle = INK;
  context.textBaseline = "middle";
  const start = x + left + pad * 0.7;
  context.font = `600 ${size}px ${font}`;
  context.fillText(text, start, y + size * 1.03);
  context.font = `${small}px ${font}`;
  if (reason) context.fillText(reason, start, y + size * 2.1);
}

// Above the face where there is room, else below it, else inside; never over another label.
function place([x1, y1, x2, y2], [wide, high], [width, height], taken) {
  const gap = 8;
  const x = Math.max(4, Math.min((x1 + x2 - wide) / 2, width - wide - 4));
  const fits = [y1 - high - gap, y2 + gap, y2 - high - gap].filter((y) => y >= 4 && y + high <= height - 4);
  const free = fits.find((y) => !taken.some((other) => overlap(other, [x, y, wide, high])));
  const y = free ?? fits[0] ?? 4;
  taken.push([x, y, wide, high]);
  return [x, y];
}

function overlap([ax, ay, aw, ah], [bx, by, bw, bh]) {
  return ax < bx + bw && bx < ax + aw && ay < by + bh && by < ay + ah;
}
