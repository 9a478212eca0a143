// @ts-check
// The floating word: a small window that stays above other programs and says how one face looks.

import { readingLook, shapeElement } from "../core/looks.js";
import { personFor } from "../core/sayings.js";
import { settings } from "../core/settings.js";
import { words } from "../core/words.js";
import { Nearest } from "./nearest.js";

const SIZE = { width: 300, height: 260 };
const STYLES = [
  new URL("../style/tokens.css", import.meta.url),
  new URL("../style/colours.css", import.meta.url),
  new URL("../style/floating.css", import.meta.url),
];

/**
 * @typedef {import("../generated/messages.js").FaceFacts} FaceFacts
 *
 * @typedef {object} Parts
 * @property {HTMLElement} sign
 * @property {HTMLElement} person
 * @property {HTMLElement} look
 * @property {HTMLButtonElement} next
 * @property {HTMLButtonElement} pause
 */

export class Floating {
  /**
   * @param {HTMLButtonElement} button opens it, and closes it
   * @param {() => void} onPause
   */
  constructor(button, onPause) {
    this.button = button;
    this.onPause = onPause;
    /** @type {Window | null} */
    this.window = null;
    /** @type {Parts | null} */
    this.parts = null;
    this.nearest = new Nearest();
    this.chosen = /** @type {number | null} */ (null); // the person that is meant; null for the nearest
    this.faces = /** @type {FaceFacts[]} */ ([]);
    this.paused = false;
    this.key = "";
    button.addEventListener("click", () => (this.window ? this.close() : this.open()));
    settings.onChange(() => this.#renew());
    addEventListener("pagehide", () => this.close());
  }

  // A window above all others, where the browser has one, or else one of its own.
  async open() {
    const picture = /** @type {any} */ (window).documentPictureInPicture;
    const opened = picture
      ? await picture.requestWindow(SIZE).catch(() => null)
      : window.open("", "mien-floating", `popup,width=${SIZE.width},height=${SIZE.height}`);
    if (!opened) return;
    this.window = opened;
    this.#fill(opened.document);
    opened.addEventListener("pagehide", () => this.#forget());
    this.button.setAttribute("aria-pressed", "true");
    this.#renew();
  }

  close() {
    this.window?.close();
    this.#forget();
  }

  // Another stream begins, whose people are others.
  reset() {
    this.nearest.reset();
    this.chosen = null;
    this.show({ faces: [] });
  }

  /** @param {boolean} paused */
  setPaused(paused) {
    this.paused = paused;
    this.#write();
  }

  /** @param {{ faces: FaceFacts[] }} analysis */
  show(analysis) {
    this.faces = analysis.faces;
    if (this.window) this.#write();
  }

  #forget() {
    this.window = this.parts = null;
    this.button.setAttribute("aria-pressed", "false");
  }

  // The nearest face, then each person by number, then the nearest again.
  #choose() {
    const ids = this.faces.map((face) => face.track_id).sort((a, b) => a - b);
    this.chosen = ids.find((id) => this.chosen === null || id > this.chosen) ?? null;
    this.#write();
  }

  #face() {
    if (this.chosen === null) return this.nearest.only({ faces: this.faces }).faces[0];
    return this.faces.find((face) => face.track_id === this.chosen);
  }

  #renew() {
    if (!this.window) return;
    const { document } = this.window;
    Object.assign(document.documentElement.dataset, window.document.documentElement.dataset);
    document.documentElement.lang = window.document.documentElement.lang;
    document.title = words.floating.title;
    this.key = "";
    this.#write();
  }

  #write() {
    if (!this.parts) return;
    const { sign, person, look, next, pause } = this.parts;
    const face = this.paused ? undefined : this.#face();
    const shown = face && readingLook(face);
    const whom = this.chosen === null ? words.nearestFace : personFor(this.chosen);
    const text = this.paused ? words.paused : (shown?.look ?? (shown ? "—" : words.noFace));
    const key = JSON.stringify([shown?.kind, whom, text]);
    if (key === this.key) return;
    this.key = key;
    sign.replaceChildren(...(shown ? [shapeElement(shown.kind)] : []));
    person.textContent = whom;
    look.textContent = text;
    next.textContent = words.floating.next;
    pause.textContent = this.paused ? words.goOn : words.pause;
  }

  /** @param {Document} page */
  #fill(page) {
    for (const { href } of STYLES) {
      const link = page.createElement("link");
      link.rel = "stylesheet";
      link.href = href;
      page.head.append(link);
    }
    const part = (tag, name) => Object.assign(page.createElement(tag), { className: name });
    const said = part("main", "floating");
    const [sign, person, look] = [part("div", "sign"), part("h1", "person"), part("p", "look")];
    look.setAttribute("role", "status");
    const [next, pause] = [part("button", "button"), part("button", "button")];
    next.addEventListener("click", () => this.#choose());
    pause.addEventListener("click", () => this.onPause());
    const actions = part("div", "actions");
    actions.append(next, pause);
    said.append(sign, look, person, actions);
    page.body.replaceChildren(said);
    this.parts = { sign, person, look, next, pause };
  }
}
