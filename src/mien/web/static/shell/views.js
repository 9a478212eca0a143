// @ts-check
// Which of the views is open. They are switched only here; index.html says which parts belong to which
// (`data-view`), and what a view is called for a screen reader (`data-view-label`).

import { $ } from "../core/dom.js";
import { translate } from "../core/words.js";

/** @typedef {import("../generated/elements.js").View} View */

export class Views {
  constructor() {
    this.region = /** @type {HTMLElement} */ ($("welcome").parentElement);
    /** @type {View} */
    this.open = "welcome";
  }

  /**
   * Opens a view in place of the one that is.
   *
   * @param {View} view
   */
  show(view) {
    this.open = view;
    document.body.dataset.open = view; // for the style
    for (const part of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-view]"))) {
      part.hidden = part.dataset.view !== view;
      if (!part.hidden)
        this.region.dataset.wordsLabel = part.dataset.viewLabel ?? this.region.dataset.wordsLabel;
    }
    translate($("layout"));
    scrollTo(0, 0);
  }
}
