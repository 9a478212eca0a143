// How each label is shown without words: a shape first, a colour second.
// Shapes are drawn in a square of 24 by 24, on the canvas and in the list alike.

import { settings } from "./settings.js";
import { words } from "./words.js";

const SOMETHING_ELSE = "something else"; // the reason, as the server names it
const EYES = "M9 9.6v1M15 9.6v1";
const SHAPES = {
  happy: ["M12 2a10 10 0 1 0 0 20a10 10 0 1 0 0-20Z", EYES, "M7.5 13.5c1.2 2.2 2.6 3.2 4.5 3.2s3.3-1 4.5-3.2"],
  sad: ["M12 1.5C15.5 5.5 21 9.5 21 14a9 8.5 0 0 1-18 0C3 9.5 8.5 5.5 12 1.5Z", "M9 11.5v1M15 11.5v1", "M8 18.2c1-1.6 2.3-2.4 4-2.4s3 .8 4 2.4"],
  angry: ["M12 1.2L22.8 12L12 22.8L1.2 12Z", "M7.5 9l3 1.6M16.5 9l-3 1.6", "M9 15.5h6"],
  neutral: ["M6.5 2.5h11a4 4 0 0 1 4 4v11a4 4 0 0 1-4 4h-11a4 4 0 0 1-4-4v-11a4 4 0 0 1 4-4Z", EYES, "M8 15.5h8"],
  surprised: ["M8 2h8l6 6v8l-6 6H8l-6-6V8Z", EYES, "M12 13.2a2.2 2.2 0 1 0 0 4.4a2.2 2.2 0 1 0 0-4.4Z"],
  other: ["M7 3h10l5 9l-5 9H7l-5-9Z", EYES, "M8 15.5c1.3-1.3 2.7-1.3 4 0s2.7 1.3 4 0"],
  unsure: ["M12 2a10 10 0 1 0 0 20a10 10 0 1 0 0-20Z", "M9.3 9.4c.2-1.6 1.3-2.5 2.8-2.5c1.6 0 2.7 1 2.7 2.4c0 2-2.7 2.2-2.7 4.3", "M12.1 17v.1"],
  unsaid: ["M12 2a10 10 0 1 0 0 20a10 10 0 1 0 0-20Z", "M8.5 12h7"],
};

// Light tints, for the dark ground of a label over a picture; the list takes its own from the style.
const TINTS = {
  happy: "#f2cf7e",
  sad: "#a9c8ec",
  angry: "#eeb09a",
  neutral: "#b5d3cb",
  surprised: "#d3bfea",
  other: "#e3c5cf",
  unsure: "#d9dcda",
  unsaid: "#d9dcda",
};

const KINDS = { happiness: "happy", sadness: "sad", anger: "angry", surprise: "surprised" };

export function kindOf(label) {
  if (label === null) return "unsure";
  const kind = KINDS[label] ?? label;
  return Object.hasOwn(SHAPES, kind) ? kind : "other";
}

// What is shown of a reading: its kind, its word (null where that look is switched off), its reasons.
export function readingLook(reading) {
  const { label } = reading;
  if (!settings.names(label)) return { kind: "unsaid", look: null, reasons: "" };
  const look = settings.values.nearest ? words.word(label) : words.look(label);
  return { kind: kindOf(label), look, reasons: words.reasons(remarksOf(reading)) };
}

// What there is to say beside the word: that it is none of the looks, and what makes it doubtful.
function remarksOf(reading) {
  const { issues } = reading.quality;
  return isElse(reading) ? [SOMETHING_ELSE, ...issues] : issues;
}

export function isElse({ reason }) {
  return reason === SOMETHING_ELSE;
}

// How probable a share among the looks is, among all that the face may show.
export function amongAll(share, { other }) {
  return share * (1 - other);
}

export function shownKind(label) {
  return settings.names(label) ? kindOf(label) : "unsaid";
}

export function tint(kind) {
  return TINTS[kind];
}

export function drawShape(context, kind, x, y, size, colour = TINTS[kind]) {
  context.save();
  context.translate(x, y);
  context.scale(size / 24, size / 24);
  context.lineWidth = 2;
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = colour;
  for (const path of SHAPES[kind]) context.stroke(new Path2D(path));
  context.restore();
}

export function shapeElement(kind) {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `shape shape-${kind}`);
  svg.setAttribute("aria-hidden", "true");
  for (const d of SHAPES[kind]) {
    const path = document.createElementNS(namespace, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
