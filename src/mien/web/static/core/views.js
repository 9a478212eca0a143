// Which of the views is open: the welcome, the live view or the practice. They are switched only here.

import { translate } from "./words.js";

const NAMES = { welcome: "liveView", live: "liveView", practice: "practice.open" }; // for a screen reader
const $ = (id) => document.getElementById(id);

export class Views {
  constructor() {
    this.region = $("welcome").parentElement;
    this.open = "welcome";
  }

  // Opens "welcome", "live" or "practice", in place of the one that is.
  show(view) {
    this.open = view;
    $("welcome").hidden = view !== "welcome";
    $("practice").hidden = view !== "practice";
    $("live").hidden = $("panel").hidden = view !== "live";
    document.body.classList.toggle("running", view === "live");
    document.body.classList.toggle("practising", view === "practice");
    this.region.dataset.wordsLabel = NAMES[view];
    translate(this.region.parentElement);
  }
}
