// @ts-check
// Practice: a face is shown, the user says how it looks, then mien does. There is no score.

import { contextOf } from "../core/dom.js";
import { kindOf, shapeElement } from "../core/looks.js";
import { wordFor } from "../core/sayings.js";
import { settings } from "../core/settings.js";
import { fill, words } from "../core/words.js";
import { $ } from "./dom.js";
import { Kept } from "./kept.js";
import { Portraits } from "./portraits.js";
import { folderOf, lookOf, Rounds, Tally } from "./rounds.js";
import { begun, put, tellFace, tellLeftOut, tellSummary } from "./telling.js";

const REST_AFTER = 10; // faces, then an end is offered

export class Practice {
  // `onLeave` is called when the user has gone back.
  constructor(connection, views, onLeave) {
    this.views = views;
    this.onLeave = onLeave;
    this.portraits = new Portraits(connection);
    this.kept = new Kept($("spoken"));
    this.labels = [];
    this.answers = []; // one button per label, and one for "not sure"
    /** @type {"choose" | "round" | "summary" | null} */
    this.screen = null;
    $("moments").addEventListener("click", () => this.#begin(this.kept.blobs));
    $("again").addEventListener("click", () => this.#begin(this.items));
    this.#addChooser($("pictures"), $("files"));
    this.#addChooser($("folder"), $("folder-files"));
    $("folder").hidden = !("webkitdirectory" in $("folder-files"));
    $("back").addEventListener("click", () => this.#goBack());
    $("start").addEventListener("click", () => this.#goBack());
    $("other").addEventListener("click", () => this.show());
    $("next").addEventListener("click", () => this.#goOn());
    $("finish").addEventListener("click", () => this.#finish());
    $("go-on").addEventListener("click", () => this.#ask());
    addEventListener("keydown", (event) => this.#obey(event));
    settings.onChange(() => this.#write());
  }

  get open() {
    return this.screen !== null;
  }

  // Call at each greeting of the server.
  greet(labels) {
    if (labels.join() !== this.labels.join()) {
      this.labels = labels;
      this.answers = [...labels, null].map((label) => this.#answerButton(label));
      $("answers").replaceChildren(...this.answers.map(({ button }) => button));
      this.#write();
    }
    this.portraits.goOn();
  }

  // Shows where to choose the pictures.
  show() {
    this.#drop();
    this.#turnTo("choose");
    $("title").focus();
  }

  // Ends practice, and frees all pictures but the kept moments.
  close() {
    if (!this.open) return;
    this.#drop();
    this.#turnTo(null);
  }

  /**
   * @param {HTMLElement} button
   * @param {HTMLInputElement} input
   */
  #addChooser(button, input) {
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])];
      input.value = ""; // the same may be chosen again
      this.#begin(files);
    });
  }

  #answerButton(label) {
    const button = document.createElement("button");
    const [word, key] = ["span", "kbd"].map((tag) => document.createElement(tag));
    button.type = "button";
    button.className = "button answer";
    word.className = "answer-word";
    key.className = "key with-keys";
    key.setAttribute("aria-hidden", "true");
    button.append(shapeElement(kindOf(label)), word, key);
    button.addEventListener("click", () => this.#answer(label));
    return { label, button, word, key };
  }

  #begin(items) {
    this.#drop();
    this.items = items;
    this.tally = new Tally();
    const read = async (item) => {
      const face = await this.portraits.read(item);
      return typeof face === "string" ? face : { ...face, folder: folderOf(item) };
    };
    this.rounds = new Rounds(items, read, () => this.#write());
    this.#turnTo("round");
    this.#ask();
  }

  #drop() {
    this.rounds?.close();
    this.face?.close();
    this.items = this.rounds = this.face = this.tally = this.leftOut = null;
    this.none = false; // whether no face was found in what was chosen
  }

  /** @param {"choose" | "round" | "summary" | null} screen */
  #turnTo(screen) {
    this.screen = screen;
    $("choose").hidden = screen !== "choose";
    $("round").hidden = screen !== "round";
    $("summary").hidden = screen !== "summary";
    if (screen) this.views.show("practice");
    this.#write();
  }

  #goBack() {
    this.close();
    this.views.show("welcome");
    this.onLeave();
  }

  #obey({ key, repeat, altKey, ctrlKey, metaKey, shiftKey }) {
    if (!this.open || repeat || altKey || ctrlKey || metaKey || shiftKey) return;
    if (document.querySelector("dialog[open]")) return;
    const asks = this.screen === "round";
    if (key === "Escape" && asks) this.#finish();
    else if (key === "Escape") this.#goBack();
    else if (asks)
      this.#offered()
        .find((_, place) => key === String(place + 1))
        ?.button.click();
  }

  // Shows the next face.
  async #ask() {
    this.#turnTo("round");
    this.#setStage("waiting");
    $("waiting").focus();
    if (!this.#unanswered) {
      const face = await this.rounds.next();
      this.face?.close();
      this.face = face;
      this.guess = undefined;
    }
    const { face } = this;
    if (!face) return this.#finish();
    face.look = lookOf(face.folder, this.labels);
    $("reveal").style.minHeight = "";
    $("face").width = $("face").height = face.picture.width;
    contextOf($("face")).drawImage(face.picture, 0, 0);
    this.#setStage("question");
    $("face").scrollIntoView({ block: "nearest" });
    $("question").focus({ preventScroll: true });
    $("spoken").textContent = fill(words.practice.face, { number: this.tally.faces + 1 });
  }

  get #unanswered() {
    return this.face && this.guess === undefined;
  }

  #setStage(stage) {
    this.stage = $("round").dataset.stage = stage;
    this.#write();
  }

  #answer(guess) {
    if (this.stage !== "question") return;
    this.guess = guess;
    // Another sentence may be shorter than the one that held the place.
    $("reveal").style.minHeight = `${$("reveal").getBoundingClientRect().height}px`;
    this.tally.add({ guess, label: this.face.reading.label, look: this.face.look });
    this.#setStage("reveal");
    $("next").focus({ preventScroll: true }); // the face stays where it is
    const lines = /** @type {NodeListOf<HTMLElement>} */ (
      $("reveal").querySelectorAll("li, p:not([hidden])")
    );
    // biome-ignore lint/performance/useDomNodeTextContent: what is laid out apart is said apart.
    const texts = Array.from(lines, (line) => line.innerText.replaceAll("\n", " "));
    $("spoken").textContent = texts.join(" ");
  }

  #goOn() {
    if (this.tally.faces % REST_AFTER) this.#ask();
    else this.#finish();
  }

  #finish() {
    const { rounds, tally } = this;
    rounds.cancel();
    if (tally.faces) {
      this.#turnTo("summary");
      $("summary-title").focus();
      return;
    }
    const { over } = rounds;
    this.show();
    if (!over) return; // the user would not wait
    this.none = true;
    this.leftOut = rounds.leftOut;
    this.#write();
    $("spoken").textContent = words.practice.none;
  }

  #offered() {
    return this.answers.filter(({ label }) => settings.names(label));
  }

  // Writes whatever depends on the round, the settings or the language.
  #write() {
    if (!this.open) return;
    const offered = this.#offered();
    for (const answer of this.answers) {
      const place = offered.indexOf(answer);
      const digit = place >= 0 && place < 9 ? String(place + 1) : "";
      answer.button.hidden = place < 0;
      answer.key.hidden = !digit;
      answer.key.textContent = digit;
      if (digit) answer.button.setAttribute("aria-keyshortcuts", digit);
      answer.word.textContent = begun(wordFor(answer.label));
    }
    tellLeftOut(this.leftOut ?? this.rounds?.leftOut ?? {});
    put("none", this.none ? words.practice.none : "");
    const number = this.tally?.faces + (this.stage === "reveal" ? 0 : 1);
    if (this.face) tellFace(this.face, number, this.guess);
    if (this.screen === "summary")
      tellSummary(this.tally, this.labels, this.rounds.over && !this.#unanswered);
  }
}
