// @ts-check
// The words for faces: those of the model, and those that were added. A word is a label of the model and the
// name of a folder, so that it holds nothing that no folder's name may, nor begins as a formula of a spreadsheet.

import { nameOf } from "../../core/names.js";
import { wordFor } from "../../core/sayings.js";

const MOST_LETTERS = 40;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what no name may hold.
const FORBIDDEN = /[\x00-\x1f\x7f-\x9f/\\:*?"<>|]+/g;

/** @param {string} text */
export function cleaned(text) {
  const plain = text.replace(FORBIDDEN, " ").replace(/\s+/g, " ");
  const short = Array.from(trimmed(plain)).slice(0, MOST_LETTERS).join("");
  return trimmed(short);
}

/** @param {string} text */
function trimmed(text) {
  return text.replace(/^[\s.=+\-@]+|[\s.]+$/g, "");
}

// What Windows keeps for devices, whatever follows a dot, and the file that lies beside the folders.
const TAKEN = /^(?:(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)|metadata\.csv$)/i;

/**
 * Returns the name of a word's folder, which is the word wherever it may be one.
 *
 * @param {string} word
 */
export function folderOf(word) {
  return TAKEN.test(word) ? `_${word}` : word;
}

export class Vocabulary {
  /** @type {string[]} */
  #labels = [];
  /** @type {string[]} */
  #added = [];

  get words() {
    return [...this.#labels, ...this.#added];
  }

  /** @param {readonly string[]} labels of the model that a page begins with */
  learn(labels) {
    this.#labels = labels.filter((label) => cleaned(label) === label);
    this.#added = this.#added.filter((word) => this.#same(word, this.#labels) === undefined);
  }

  /**
   * Adds a word, unless there is one that means the same. Returns that which is there now; "" for no word.
   *
   * @param {string} text
   */
  add(text) {
    const word = cleaned(text);
    if (!word) return "";
    const known = this.#same(word, this.words);
    if (known === undefined) this.#added.push(word);
    return known ?? word;
  }

  clear() {
    this.#added = [];
  }

  /**
   * @param {string} word
   * @param {string[]} others
   */
  #same(word, others) {
    const meant = nameOf(word) ?? plain(word);
    return others.find((one) => (nameOf(one) ?? plain(one)) === meant || plain(wordFor(one)) === plain(word));
  }
}

/** @param {string} word */
function plain(word) {
  return word
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "") // which nobody sees
    .toLowerCase()
    .replace(/[\s_-]+/g, " ");
}
