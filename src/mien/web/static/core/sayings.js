// @ts-check
// What is said of a face in the present language.

import { nameOf, wordOf } from "./names.js";
import { people } from "./people.js";
import { fill, words } from "./words.js";

// The word for a label, which English has in the table of looks; null is "not sure".
/** @param {string | null} label */
export function wordFor(label) {
  if (label === null) return words.notSure;
  const name = nameOf(label);
  return (name && words.looks?.[name]) ?? wordOf(label);
}

// As in "looks happy".
/** @param {string | null} label */
export function lookFor(label) {
  return label === null ? words.notSure : fill(words.look, { word: wordFor(label) });
}

/** @param {string[]} remarks */
export function reasonsFor(remarks) {
  return remarks.map((remark) => words.reasons[remark] ?? remark).join(", ");
}

// The name that was given, or else the number.
export function personFor(number) {
  return people.name(number) || fill(words.person, { number });
}

export function sentenceFor(number, look) {
  return fill(words.sentence, { person: personFor(number), look });
}
