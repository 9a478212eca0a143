// @ts-check
// What is written beside a face in the picture, and how it is drawn.

import { drawShape } from "../core/looks.js";
import { settings } from "../core/settings.js";

const SMALLEST = 11; // size of the text in pixels
const TEXT_SCALE = { normal: 1, large: 1.2, larger: 1.4 };
const FONT = "system-ui, sans-serif";

/**
 * @typedef {object} Measured a label
 * @property {{ icon: string | null, text: string, reason: string }} label
 * @property {number} text size of its text
 * @property {number} pad
 * @property {number} iconSize
 * @property {number} left
 * @property {[number, number]} size
 */

// What stands in a label: an icon, a line, the reasons; and in the sign that it shrinks to where there is
// no room. Null where there is nothing to say.
export function labelParts({ kind, look, reasons }, number) {
  const { show } = settings.values;
  const icon = show !== "words" && look ? kind : null;
  const text = [number, show !== "icons" && look].filter(Boolean).join("  ");
  if (!icon && !text) return null;
  const sign = { icon: look ? kind : null, text: String(number ?? ""), reason: "" };
  return { word: { icon, text, reason: show === "icons" ? "" : reasons }, sign };
}

export function textSize(height) {
  return Math.max(16, Math.min(24, height * 0.042)) * TEXT_SCALE[settings.values.text];
}

/**
 * How large a label is, and where its parts begin. On a phone a long word is written smaller rather than
 * cut off.
 *
 * @returns {Measured}
 */
export function measured(context, label, most, size) {
  const { icon, text, reason } = label;
  const small = size * 0.78;
  context.font = `600 ${size}px ${FONT}`;
  const wide = context.measureText(text).width;
  context.font = `${small}px ${FONT}`;
  const reasonWide = reason ? context.measureText(reason).width : 0;
  const textWide = Math.max(wide, reasonWide);
  const pad = size * 0.55;
  const iconSize = size * (text ? 1.25 : 1.5);
  const left = icon ? pad + iconSize : pad * 0.4; // where the text begins, but for a gap
  const width = left + (textWide ? pad * 0.7 + textWide + pad * (icon ? 0.9 : 1.1) : pad);
  if (width > most && size > SMALLEST) {
    return measured(context, label, most, Math.max(SMALLEST, (0.99 * size * most) / width));
  }
  return { label, text: size, pad, iconSize, left, size: [width, size * 2 + (reason ? small * 1.4 : 0)] };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Measured} measured
 * @param {import("./placement.js").Placed} placed
 */
export function drawLabel(context, { label, text, pad, iconSize, left, size: [width, height] }, placed) {
  const { icon, reason } = label;
  context.save();
  context.translate(placed.left, placed.top);
  context.scale(placed.scale, placed.scale);
  const colours = getComputedStyle(context.canvas);
  context.fillStyle = colours.getPropertyValue("--plate");
  context.beginPath();
  context.roundRect(0, 0, width, height, Math.min(text, height / 2));
  context.fill();
  if (icon) drawShape(context, icon, pad, (height - iconSize) / 2, iconSize);
  context.fillStyle = colours.getPropertyValue("--night-ink");
  context.textBaseline = "middle";
  const start = left + pad * 0.7;
  context.font = `600 ${text}px ${FONT}`;
  context.fillText(label.text, start, text * 1.03);
  context.font = `${text * 0.78}px ${FONT}`;
  if (reason) context.fillText(reason, start, text * 2.1);
  context.restore();
}
