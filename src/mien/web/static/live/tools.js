// @ts-check
// What is rarely used of the live view: in a menu where there is little room.

import { $ } from "../core/dom.js";
import { settings } from "../core/settings.js";

export class Tools {
  constructor() {
    this.button = $("tools-open");
    this.menu = $("tools");
    this.button.addEventListener("click", () => this.#open(!this.isOpen));
    this.menu.addEventListener("click", ({ target }) => {
      // What was chosen is done; a list is still being chosen from.
      if (target instanceof HTMLButtonElement) this.#open(false);
    });
    addEventListener("keydown", ({ key }) => {
      if (key !== "Escape" || !this.isOpen) return;
      this.#open(false);
      this.button.focus();
    });
    const hide = $("hide-picture");
    hide.addEventListener("click", () => settings.set("hidden", !settings.values.hidden));
    const show = () => hide.setAttribute("aria-pressed", String(settings.values.hidden));
    settings.onChange(show);
    show();
  }

  get isOpen() {
    return this.button.getAttribute("aria-expanded") === "true";
  }

  /** @param {boolean} open */
  #open(open) {
    this.button.setAttribute("aria-expanded", String(open));
  }
}
