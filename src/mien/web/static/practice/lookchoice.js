// @ts-check
// Which looks are practised with drawn faces: the usual four, and others that the user adds.

import { wordFor } from "../core/sayings.js";
import { settings } from "../core/settings.js";
import { words } from "../core/words.js";
import { $ } from "./dom.js";
import { put } from "./telling.js";

const USUAL = ["angry", "sad", "happy", "neutral"];
const MORE = ["surprised", "afraid", "disgusted"];
const FEWEST = 2; // of fewer there is nothing to tell apart

export class LookChoice {
  missing = false; // whether the drawings could not be loaded

  // `onChange` is called after the user has chosen.
  constructor(onChange) {
    this.boxes = MORE.map((look) => {
      const [label, input, text] = ["label", "input", "span"].map((tag) => document.createElement(tag));
      label.className = "option";
      /** @type {HTMLInputElement} */ (input).type = "checkbox";
      input.addEventListener("change", onChange);
      label.append(input, text);
      return { look, input: /** @type {HTMLInputElement} */ (input), text };
    });
    $("more-looks").replaceChildren(...this.boxes.map(({ input }) => /** @type {Node} */ (input.parentNode)));
  }

  // Those that are practised: a look that is switched off in the settings is not.
  get looks() {
    const added = this.boxes.filter(({ input }) => input.checked).map(({ look }) => look);
    return [...USUAL, ...added].filter((look) => settings.names(look));
  }

  get enough() {
    return this.looks.length >= FEWEST;
  }

  write() {
    for (const { look, input, text } of this.boxes) {
      text.textContent = wordFor(look);
      input.disabled = !settings.names(look);
    }
    $("drawn").disabled = !this.enough;
    const { few, missing } = words.practice.drawn;
    put("few", this.enough ? (this.missing ? missing : "") : few);
  }
}
