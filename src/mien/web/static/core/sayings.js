// What is said of a face in the present language.

import { nameOf, wordOf } from "./names.js";
import { fill, words } from "./words.js";

// The word for a label, which English has in the table of looks; null is "not sure".
export function wordFor(label) {
  return label === null ? words.notSure : (words.looks?.[nameOf(label)] ?? wordOf(label));
}

// As in "looks happy".
export function lookFor(label) {
  return label === null ? words.notSure : fill(words.look, { word: wordFor(label) });
}

export function reasonsFor(remarks) {
  return remarks.map((remark) => words.reasons[remark] ?? remark).join(", ");
}

export function personFor(number) {
  return fill(words.person, { number });
}

export function sentenceFor(number, look) {
  return fill(words.sentence, { person: personFor(number), look });
}
