// @ts-check
// Which of the views is open: the welcome, the live view or the practice. They are switched only here.

import { $ } from "../core/dom.js";
import { translate } from "../core/words.js";

const NAMES = { welcome: "liveView", live: "liveView", practice: "practice.open" }; // for a screen reader

export class Views {
  constructor() {
    this.region = /** @type {HTMLElement} */ ($("welcome").parentElement);
    /** @type {"welcome" | "live" | "practice"} */
    this.open = "welcome";
  }

  /**
   * Opens a view in place of the one that is.
   *
   * @param {"welcome" | "live" | "practice"} view
   */
  show(view) {
    this.open = view;
    $("welcome").hidden = view !== "welcome";
    $("practice").hidden = view !== "practice";
    $("live").hidden = $("panel").hidden = view !== "live";
    document.body.classList.toggle("running", view === "live");
    document.body.classList.toggle("practising", view === "practice");
    this.region.dataset.wordsLabel = NAMES[view];
    translate($("layout"));
  }
}
