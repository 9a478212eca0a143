// @ts-check
// Markers: what happened when, as a word that is set by a button or the key M. They go to the machine where
// that keeps them, and to the last minutes while these are kept.

import { $ } from "../core/dom.js";
import { settings } from "../core/settings.js";
import { fill, tell, words } from "../core/words.js";

const KEY = "m";
const TYPES = "input, select, textarea, dialog, [contenteditable]";

export class Marking {
  form = $("marker");
  word = $("marker-word");
  said = $("marker-said");
  sent = false; // whether the machine keeps them
  shown = false; // whether something is on to which they belong

  /** @type {(word: string) => boolean} sends one to the machine; returns whether it could be */
  onMark = () => false;

  /** @param {import("./timeline.js").Timeline} timeline */
  constructor(timeline) {
    this.timeline = timeline;
    timeline.onKeeping = () => this.#offer();
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#set();
    });
    // Space is a letter here, and no pause.
    this.word.addEventListener("keydown", (event) => event.stopPropagation());
    addEventListener("keydown", (event) => this.#obey(event));
    settings.onChange(() => this.#offer());
    this.#offer();
  }

  /** @param {boolean} sent whether the machine keeps markers */
  greet(sent) {
    this.sent = sent;
    this.#offer();
  }

  /** @param {boolean} shown whether something is on that goes on in time */
  show(shown) {
    this.shown = shown;
    this.#offer();
  }

  #offer() {
    this.form.hidden = !(this.shown && (this.sent || this.timeline.keeping));
    $("marker-key").hidden = !settings.values.markerKey;
    if (settings.values.markerKey) $("marker-set").setAttribute("aria-keyshortcuts", "M");
    else $("marker-set").removeAttribute("aria-keyshortcuts");
    if (this.form.hidden) tell(this.said, () => "");
  }

  #set() {
    const word = this.word.value.trim() || words.marker.first;
    const sent = this.sent && this.onMark(word);
    const kept = this.timeline.mark(word);
    if (!sent && !kept) return;
    const time = new Date().toTimeString().slice(0, 8);
    tell(this.said, () => fill(words.marker.said, { time, word }));
  }

  /** @param {KeyboardEvent} event */
  #obey(event) {
    const { key, repeat, altKey, ctrlKey, metaKey, target } = event;
    if (key.toLowerCase() !== KEY || repeat || altKey || ctrlKey || metaKey) return;
    // Another view may be open, too.
    if (!this.form.getClientRects().length || !settings.values.markerKey) return;
    if (target instanceof Element && target.closest(TYPES)) return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    this.#set();
  }
}
