// @ts-check
// The faces that are kept, each with its word: in this page's memory, until they are deleted or it is closed.

import { wordFor } from "../../core/sayings.js";
import { fill, words } from "../../core/words.js";

export const MOST = 60; // what web/teaching.py takes

/**
 * @typedef {object} Kept
 * @property {string} word
 * @property {string} person what tells people of all streams apart
 * @property {Uint8Array<ArrayBuffer>} jpeg
 *
 * @typedef {Kept & { row: Row }} Shelved
 */

export class Shelf {
  /** @type {Shelved[]} */
  #kept = [];
  onChange = () => {};

  /**
   * @param {HTMLElement} list
   * @param {import("./vocabulary.js").Vocabulary} vocabulary
   */
  constructor(list, vocabulary) {
    this.list = list;
    this.vocabulary = vocabulary;
  }

  /** @returns {Kept[]} */
  get faces() {
    return this.#kept;
  }

  get full() {
    return this.#kept.length >= MOST;
  }

  // How many faces there are of each word.
  get counts() {
    const counts = /** @type {Map<string, number>} */ (new Map());
    for (const { word } of this.#kept) counts.set(word, (counts.get(word) ?? 0) + 1);
    return counts;
  }

  /**
   * @param {Kept} kept
   * @param {HTMLCanvasElement} canvas what it shows
   */
  add(kept, canvas) {
    const shelved = { ...kept, row: new Row(canvas) };
    shelved.row.select.addEventListener("change", () => {
      shelved.word = shelved.row.select.value;
      this.#change();
    });
    shelved.row.button.addEventListener("click", () => this.#remove(shelved));
    this.#kept.push(shelved);
    this.list.append(shelved.row.element);
    this.#change();
  }

  clear() {
    this.#kept = [];
    this.list.replaceChildren();
    this.#change();
  }

  // After a change of the words, of their language, or of what is kept.
  tell() {
    for (const [index, { row, word }] of this.#kept.entries())
      row.tell(index + 1, word, this.vocabulary.words);
    this.list.hidden = !this.#kept.length;
  }

  /** @param {Shelved} shelved */
  #remove(shelved) {
    const index = this.#kept.indexOf(shelved);
    this.#kept.splice(index, 1);
    shelved.row.element.remove();
    this.#change();
    // What had the focus is gone: the next one has it, or the one before.
    const next = this.#kept[index] ?? this.#kept[index - 1];
    if (next) next.row.button.focus();
    else this.onEmpty();
  }

  onEmpty = () => {};

  #change() {
    this.tell();
    this.onChange();
  }
}

class Row {
  element = document.createElement("li");
  select = document.createElement("select");
  button = Object.assign(document.createElement("button"), { type: "button", className: "button small" });

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    canvas.setAttribute("role", "img");
    this.element.append(canvas, this.select, this.button);
  }

  /**
   * @param {number} number
   * @param {string} word
   * @param {string[]} offered
   */
  tell(number, word, offered) {
    const { face, wordOf, remove, removeFace } = words.teaching;
    this.canvas.setAttribute("aria-label", fill(face, { number }));
    this.select.setAttribute("aria-label", fill(wordOf, { number }));
    this.button.textContent = remove;
    this.button.setAttribute("aria-label", fill(removeFace, { number }));
    offer(this.select, offered, word);
  }
}

/**
 * Offers words in a list, of which one is chosen.
 *
 * @param {HTMLSelectElement} select
 * @param {string[]} offered
 * @param {string} chosen
 */
export function offer(select, offered, chosen) {
  select.replaceChildren(...offered.map((word) => new Option(wordFor(word), word)));
  select.value = chosen;
}
