// @ts-check
// Practice: a face is shown, the user says how it looks, then sees what makes it look so. There is no score.

import { kindOf, shapeElement } from "../core/looks.js";
import { wordFor } from "../core/sayings.js";
import { settings } from "../core/settings.js";
import { fill, words } from "../core/words.js";
import { $ } from "./dom.js";
import { Kept } from "./kept.js";
import { LookChoice } from "./lookchoice.js";
import { OwnPictures } from "./pictures.js";
import { Portraits } from "./portraits.js";
import { RecordView } from "./recordview.js";
import { Tally } from "./rounds.js";
import { begun, put, tellLeftOut } from "./telling.js";

const REST_AFTER = 10; // faces, then an end is offered
// The drawings are no part of what the page waits for at first.
const loadDrawn = () => import("./drawn/drawn.js");

export class Practice {
  // `onLeave` is called when the user has gone back.
  constructor(connection, views, onLeave) {
    this.views = views;
    this.onLeave = onLeave;
    this.portraits = new Portraits(connection);
    this.kept = new Kept($("spoken"));
    this.record = new RecordView();
    this.choice = new LookChoice(() => this.#write());
    this.labels = [];
    this.answers = []; // one button per look that is asked for, and one for "not sure"
    /** @type {"choose" | "round" | "summary" | null} */
    this.screen = null;
    /** @type {import("./drawn/drawn.js").DrawnFaces | null} */
    this.drawn = null; // once they are loaded
    this.again = () => this.show(); // practises with the same faces anew
    $("drawn").addEventListener("click", () => this.begin());
    $("moments").addEventListener("click", () => this.beginMoments());
    $("again").addEventListener("click", () => this.again());
    this.#addChooser($("pictures"), $("files"));
    this.#addChooser($("folder"), $("folder-files"));
    $("folder").hidden = !("webkitdirectory" in $("folder-files"));
    $("back").addEventListener("click", () => this.#goBack());
    $("start").addEventListener("click", () => this.#goBack());
    for (const name of /** @type {const} */ (["other", "others"])) {
      $(name).addEventListener("click", () => this.show());
    }
    $("rest").addEventListener("click", () => this.#turnFace());
    $("next").addEventListener("click", () => this.#goOn());
    $("finish").addEventListener("click", () => this.#finish());
    $("go-on").addEventListener("click", () => this.#ask());
    addEventListener("keydown", (event) => this.#obey(event));
    addEventListener("load", () => loadDrawn().catch(() => {})); // also for when the server has gone
    settings.onChange(() => this.#write());
  }

  get open() {
    return this.screen !== null;
  }

  // Call at each greeting of the server.
  greet(labels) {
    this.labels = labels;
    this.#write();
    this.portraits.goOn();
  }

  // Practises with drawn faces, at once.
  async begin() {
    this.#drop();
    const { turn } = this;
    this.#turnTo("round");
    this.#setStage("waiting");
    $("waiting").focus();
    const module = await loadDrawn().catch(() => null);
    if (turn !== this.turn) return; // the user has gone on to something else
    this.choice.missing = !module;
    if (!module || !this.choice.enough) this.show();
    else {
      this.drawn ??= new module.DrawnFaces(() => this.choice.looks);
      this.#start(this.drawn, () => this.begin());
    }
  }

  // Practises with the moments that are kept, at once.
  beginMoments() {
    this.#beginPictures(this.kept.blobs);
  }

  // Shows where to choose the faces.
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
    $("spoken").textContent = ""; // it tells of a face that is no longer there
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
      this.#beginPictures(files);
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

  #beginPictures(items) {
    this.#drop();
    const labels = () => this.labels;
    const faces = new OwnPictures(items, this.portraits, labels, () => this.#write());
    this.#start(faces, () => this.#beginPictures(items));
  }

  // Shows one face after another; `again` begins with the same ones anew.
  #start(faces, again) {
    [this.faces, this.again, this.tally] = [faces, again, new Tally()];
    this.#ask();
  }

  #drop() {
    this.faces?.close();
    this.face?.close();
    this.faces = this.face = this.tally = this.leftOut = null;
    this.turn = {};
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
      const face = await this.faces.next();
      this.face?.close();
      this.face = face;
      this.guess = undefined;
    }
    const { face } = this;
    if (!face) return this.#finish();
    face.atRest = false;
    $("reveal").style.minHeight = "";
    this.faces.show(face);
    this.#setStage("question");
    $("round").querySelector(".round-face")?.scrollIntoView({ block: "nearest" });
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
    const answer = this.faces.learn(this.face, guess);
    this.tally.add({ guess, label: answer.mien, look: answer.look });
    this.record.record.add(answer);
    this.#setStage("reveal");
    $("next").focus({ preventScroll: true }); // the face stays where it is
    const lines = /** @type {NodeListOf<HTMLElement>} */ (
      $("reveal").querySelectorAll("li, p:not([hidden])")
    );
    // biome-ignore lint/performance/useDomNodeTextContent: what is laid out apart is said apart.
    const texts = Array.from(lines, (line) => line.innerText.replaceAll("\n", " "));
    $("spoken").textContent = texts.join(" ");
  }

  // Shows the same face at rest, or as it was.
  #turnFace() {
    this.face.atRest = !this.face.atRest;
    this.faces.turn(this.face, this.face.atRest);
    this.#write();
  }

  #goOn() {
    if (this.tally.faces % REST_AFTER) this.#ask();
    else this.#finish();
  }

  #finish() {
    const { faces, tally } = this;
    faces?.cancel();
    if (tally?.faces) {
      this.#turnTo("summary");
      $("summary-title").focus();
      return;
    }
    this.show();
    if (!faces?.over) return; // the user would not wait, or would have other faces
    this.none = true;
    this.leftOut = faces.leftOut;
    this.#write();
    $("spoken").textContent = words.practice.none;
  }

  #offered() {
    return this.answers.filter(({ label }) => settings.names(label));
  }

  // As many buttons as there are answers to the present faces.
  #makeAnswers() {
    const labels = [...(this.faces?.answers ?? this.labels), null];
    if (labels.join() === this.answers.map(({ label }) => label).join()) return;
    this.answers = labels.map((label) => this.#answerButton(label));
    $("answers").replaceChildren(...this.answers.map(({ button }) => button));
  }

  // Writes whatever depends on the round, the settings or the language.
  #write() {
    if (!this.open) return;
    this.#makeAnswers();
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
    this.#writeRound();
    this.choice.write();
    $("record").hidden = this.screen === "round";
    if (this.screen !== "round") this.record.write();
  }

  #writeRound() {
    const { faces, face, tally, screen } = this;
    tellLeftOut(this.leftOut ?? faces?.leftOut ?? {});
    put("none", this.none ? words.practice.none : "");
    const drawn = faces !== null && faces === this.drawn;
    $("about-drawn").hidden = !drawn;
    $("other").textContent = drawn ? words.practice.drawn.others : words.practice.other;
    const number = tally?.faces + (this.stage === "reveal" ? 0 : 1);
    if (face) {
      faces.tell(face, number, this.guess);
      $("rest").hidden = !face.rest;
      $("rest").textContent = face.atRest ? words.practice.rest.back : words.practice.rest.show;
    }
    if (screen === "summary") faces.tellSummary(tally, faces.over && !this.#unanswered);
  }
}
