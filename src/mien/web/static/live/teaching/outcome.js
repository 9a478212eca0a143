// @ts-check
// What came of learning: how many of the kept faces either model reads rightly, and what was forgotten.

import { $ } from "../../core/dom.js";
import { wordFor } from "../../core/sayings.js";
import { fill, words } from "../../core/words.js";

/**
 * @typedef {import("../../generated/messages.js").Adapted} Adapted
 * @typedef {import("../../generated/messages.js").WordFigures} WordFigures
 */

export class Outcome {
  /** @type {Adapted | null} */
  #adapted = null;

  /** @param {Adapted | null} adapted */
  show(adapted) {
    this.#adapted = adapted;
    $("teaching-outcome").hidden = !adapted;
    this.tell();
  }

  get there() {
    return this.#adapted !== null;
  }

  tell() {
    const adapted = this.#adapted;
    if (!adapted) return;
    $("teaching-verdict").textContent = words.teaching.verdicts[adapted.verdict];
    const { figures, remarks } = { figures: $("teaching-figures"), remarks: $("teaching-remarks") };
    figures.replaceChildren(...adapted.own.words.map(figuresOf));
    remarks.replaceChildren(...remarksOf(adapted).map((text) => element("li", text)));
  }
}

/** @param {WordFigures} figures */
function figuresOf({ word, faces, before, after }) {
  const row = document.createElement("tr");
  const head = element("th", wordFor(word));
  head.scope = "row";
  const { of, never } = words.teaching;
  const was = before === null ? never : fill(of, { right: before, faces });
  row.append(head, element("td", was), element("td", fill(of, { right: after, faces })));
  return row;
}

/** @param {Adapted} adapted */
function remarksOf({ own, known, labels, left_out }) {
  const { teaching } = words;
  const remarks = [fill(teaching.guessing, { count: labels.length })];
  const weak = own.words.filter(({ faces, after }) => 2 * after < faces).map(({ word }) => wordFor(word));
  if (weak.length) remarks.push(fill(teaching.weak, { words: weak.join(", ") }));
  if (left_out) remarks.push(fill(teaching.leftOut, { count: left_out }));
  const percent = (share) => Math.round(100 * share);
  if (known) {
    const [before, after] = [percent(known.before), percent(known.after)];
    remarks.push(fill(teaching.known, { count: known.faces, before, after }));
  } else {
    remarks.push(teaching.unguarded);
  }
  return remarks;
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} textContent
 */
function element(tag, textContent) {
  return Object.assign(document.createElement(tag), { textContent });
}
