// @ts-check
// What a label means: which look of the table, or which of the signs that are kept for others. The twin
// of looks.py; both are held together by tests.

import { table } from "../generated/table.js";

const NAMES = new Map(
  Object.entries(table.looks).flatMap(([name, { synonyms }]) =>
    [name, ...synonyms].map((one) => [one, name]),
  ),
);
export const LOOKS = Object.keys(table.looks);

// The name of the look that a label means; undefined where the table does not know it.
/** @param {string} label */
export function nameOf(label) {
  return NAMES.get(label.toLowerCase());
}

// The word that goes after "looks", in English.
export function wordOf(label) {
  const name = nameOf(label);
  return name === undefined ? label : table.looks[name].word;
}

// Which of the table's others each label gets that the table does not know: by its hash, and the next
// one that is free where two would share it.
export function placesOf(labels) {
  const count = table.others.length;
  const places = new Map();
  const taken = new Set();
  for (const label of labels.filter((one) => nameOf(one) === undefined).sort(byCodePoints)) {
    const row = count * Math.floor(places.size / count);
    let step = hash(label) % count;
    while (taken.has(row + step)) step = (step + 1) % count;
    taken.add(row + step);
    places.set(label, row + step);
  }
  return places;
}

// FNV-1a of the UTF-8, 32 bits.
export function hash(label) {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(label)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

function byCodePoints(a, b) {
  const [left, right] = [a, b].map((label) => Array.from(label, (letter) => letter.codePointAt(0)));
  const differs = left.findIndex((point, i) => point !== right[i]);
  return differs < 0 ? left.length - right.length : left[differs] - (right[differs] ?? -1);
}
