// @ts-check
// How each label is shown without words: a shape first, a colour second.
// Shapes are drawn in a square of 24 by 24, on the canvas and in the list alike.

import { table } from "../generated/table.js";
import { hash, nameOf, placesOf } from "./names.js";
import { lookFor, reasonsFor, wordFor } from "./sayings.js";
import { settings } from "./settings.js";

const SOMETHING_ELSE = "something else"; // the reason, as the server names it
const OTHER = "other-";
const MOST_SURE = 99; // no reading of a face is certain
// Of a look that is switched off. It has the colours of "not sure".
const UNSAID = {
  ...table.unsure,
  shape: [
    "M12 2C17.5 2 22 6.5 22 12C22 17.5 17.5 22 12 22C6.5 22 2 17.5 2 12C2 6.5 6.5 2 12 2Z",
    "M8.5 12L15.5 12",
  ],
};
let places = new Map();

settings.meaning = (label) => nameOf(label) ?? label;

// Call with all labels of the model, before any of them is shown.
export function learnLabels(labels) {
  places = placesOf(labels);
}

// The kind of a label: a look's name, "unsure", or a place among the table's others.
/** @param {string | null} label */
export function kindOf(label) {
  if (label === null) return "unsure";
  return nameOf(label) ?? `${OTHER}${places.get(label) ?? hash(label) % table.others.length}`;
}

// The row of the table for a kind.
export function rowOf(kind) {
  if (kind === "unsure") return table.unsure;
  if (kind === "unsaid") return UNSAID;
  return kind.startsWith(OTHER) ? table.others[placeOf(kind)[0]] : table.looks[kind];
}

// The name of a kind in the stylesheet, as `--name` and `.shape-name`.
export function styleOf(kind) {
  return kind.startsWith(OTHER) ? OTHER + placeOf(kind)[0] : kind;
}

// The strokes and gaps of a frame, in multiples of its width.
export function lineOf(kind) {
  if (!kind.startsWith(OTHER)) return rowOf(kind).line;
  const [index, round] = placeOf(kind);
  return table.others[(index + round) % table.others.length].line;
}

function placeOf(kind) {
  const place = Number(kind.slice(OTHER.length));
  return [place % table.others.length, Math.floor(place / table.others.length)];
}

// What is shown of a reading: its kind, its word (null where that look is switched off), its reasons.
/** @param {import("../generated/messages.js").FaceFacts} reading */
export function readingLook(reading) {
  const { label } = reading;
  if (!settings.names(label)) return { kind: "unsaid", look: null, reasons: "" };
  const look = settings.values.nearest ? wordFor(label) : lookFor(label);
  return { kind: kindOf(label), look, reasons: reasonsFor(remarksOf(reading)) };
}

// What there is to say beside the word: that it is none of the looks, and what makes it doubtful.
function remarksOf(reading) {
  const { issues } = reading.quality;
  return isElse(reading) ? [SOMETHING_ELSE, ...issues] : issues;
}

/** @param {import("../generated/messages.js").FaceFacts} reading */
export function isElse({ reason }) {
  return reason === SOMETHING_ELSE;
}

// How probable a share among the looks is, among all that the face may show.
/**
 * @param {number} share
 * @param {import("../generated/messages.js").FaceFacts} reading
 */
export function amongAll(share, { other }) {
  return share * (1 - other);
}

// How sure a reading is, as a whole number of percent.
export function percentSure(share) {
  return Math.min(MOST_SURE, Math.round(100 * share));
}

export function shownKind(label) {
  return settings.names(label) ? kindOf(label) : "unsaid";
}

// The colour over a picture, on the dark ground of a label.
export function tint(kind) {
  return rowOf(kind).colour.picture;
}

export function drawShape(context, kind, x, y, size, colour = tint(kind)) {
  context.save();
  context.translate(x, y);
  context.scale(size / 24, size / 24);
  context.lineWidth = 2;
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = colour;
  for (const path of rowOf(kind).shape) context.stroke(new Path2D(path));
  context.restore();
}

export function shapeElement(kind) {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `shape shape-${styleOf(kind)}`);
  svg.setAttribute("aria-hidden", "true");
  for (const d of rowOf(kind).shape) {
    const path = document.createElementNS(namespace, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
