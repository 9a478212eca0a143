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

/**
 * What the server says, in the present language; as it came, in English, where that has no words for it.
 *
 * @param {string} english
 * @param {import("../generated/messages.js").Sentence | undefined} told
 * @returns {string | (() => string)}
 */
export function saidBy(english, told) {
  return told ? () => sayingOf(told) ?? english : english;
}

/** @param {import("../generated/messages.js").Sentence} told */
function sayingOf({ code, values }) {
  const text = words.server?.[code];
  return (
    text && fill(text, Object.fromEntries(Object.entries(values).map(([name, one]) => [name, spoken(one)])))
  );
}

/** @param {string | number | import("../generated/messages.js").Sentence} value */
function spoken(value) {
  if (typeof value === "string") return value;
  if (typeof value === "object") return sayingOf(value) ?? "";
  const { lang } = document.documentElement;
  return value.toLocaleString(lang, { maximumFractionDigits: 1, useGrouping: false });
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
