// Practice: a face is shown, the user says how it looks, then mien does. There is no score.

import { amongAll, isElse, kindOf, percentSure, shapeElement, shownKind } from "../core/looks.js";
import { settings } from "../core/settings.js";
import { words } from "../core/words.js";
import { Kept } from "./kept.js";
import { drawMark } from "./mark.js";
import { Portraits } from "./portraits.js";
import { folderOf, lookOf, Rounds, Tally } from "./rounds.js";
import { begun, said } from "./said.js";

// Covering a part that has nothing to say changes a probability by a few hundredths all the same.
const LEAST_EFFECT = 0.05;
const REST_AFTER = 10; // faces, then an end is offered
const FEW = 3; // of fewer faces nothing can be said
const $ = (name) => document.getElementById(`practice-${name}`);

export class Practice {
  // `onLeave` is called when the user has gone back.
  constructor(connection, views, onLeave) {
    this.views = views;
    this.onLeave = onLeave;
    this.portraits = new Portraits(connection);
    this.kept = new Kept($("spoken"));
    this.labels = [];
    this.answers = []; // one button per label, and one for "not sure"
    this.screen = null; // null, "choose", "round" or "summary"
    const begin = (name, items) => $(name).addEventListener("click", () => this.#begin(items()));
    begin("moments", () => this.kept.blobs);
    begin("again", () => this.items);
    this.#addChooser("pictures", "files");
    this.#addChooser("folder", "folder-files");
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

  #addChooser(button, input) {
    $(button).addEventListener("click", () => $(input).click());
    $(input).addEventListener("change", () => {
      const files = [...$(input).files];
      $(input).value = ""; // the same may be chosen again
      this.#begin(files);
    });
  }

  #answerButton(label) {
    const [button, word, key] = ["button", "span", "kbd"].map((tag) => document.createElement(tag));
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

  #turnTo(screen) {
    this.screen = screen;
    for (const name of ["choose", "round", "summary"]) $(name).hidden = name !== screen;
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
    else if (asks) this.#offered().find((_, place) => key === String(place + 1))?.button.click();
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
    $("face").getContext("2d").drawImage(face.picture, 0, 0);
    this.#setStage("question");
    $("face").scrollIntoView({ block: "nearest" });
    $("question").focus({ preventScroll: true });
    $("spoken").textContent = words.practice.face(this.tally.faces + 1);
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
    const lines = $("reveal").querySelectorAll("li, p:not([hidden])");
    $("spoken").textContent = [...lines].map((line) => line.innerText.replaceAll("\n", " ")).join(" ");
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

  // Which part mattered most to mien; undefined where none did, or nothing is said of the look.
  #part() {
    const { label, parts } = this.face.reading;
    if (label === null || !settings.names(label)) return undefined;
    return parts.find(({ effect }) => effect >= LEAST_EFFECT);
  }

  #offered() {
    return this.answers.filter(({ label }) => settings.names(label));
  }

  // Writes whatever depends on the round, the settings or the language.
  #write() {
    if (!this.open) return;
    const { practice } = words;
    const offered = this.#offered();
    for (const answer of this.answers) {
      const place = offered.indexOf(answer);
      const digit = place >= 0 && place < 9 ? String(place + 1) : "";
      answer.button.hidden = place < 0;
      answer.key.hidden = !digit;
      answer.key.textContent = digit;
      if (digit) answer.button.setAttribute("aria-keyshortcuts", digit);
      answer.word.textContent = begun(words.word(answer.label));
    }
    const { faceless = 0, unreadable = 0 } = this.leftOut ?? this.rounds?.leftOut ?? {};
    const leftOut = [faceless && practice.faceless(faceless), unreadable && practice.unreadable(unreadable)];
    put("left-out", leftOut.filter(Boolean).join(" "));
    put("none", this.none ? practice.none : "");
    if (this.face) this.#writeFace();
    if (this.screen === "summary") this.#writeSummary();
  }

  // What the face reveals is laid out from the start and only hidden, so that nothing moves later.
  #writeFace() {
    const { practice } = words;
    const { reading, square, folder, look } = this.face;
    const { label, probabilities, quality } = reading;
    const [named, part] = [settings.names(label), this.#part()];
    const asked = this.tally.faces + (this.stage === "reveal" ? 0 : 1);
    const sure = named && label !== null ? percentSure(amongAll(probabilities[label], reading)) : null;
    const beside = isElse(reading) ? words.reasons([reading.reason]) : sure === null ? "" : words.sure(sure);
    $("face").setAttribute("aria-label", practice.picture(asked));
    put("number", practice.face(asked));
    const guess = this.guess ?? null;
    $("said").replaceChildren(
      said(kindOf(guess), practice.you, words.word(guess)),
      said(shownKind(label), practice.mien, named ? words.look(label) : words.unsaid, beside),
    );
    put("harder", quality.issues.length ? practice.harder(words.reasons(quality.issues)) : "");
    put("verdict", this.#verdict());
    put("lies", look ? practice.lies(folder) : "");
    const explained = named && label !== null;
    put("part", explained ? (part ? practice.part[part.part] : practice.noPart) : "");
    put("measured", explained ? practice.measured : "");
    drawMark($("mark"), square, part?.region);
  }

  #verdict() {
    const { label } = this.face.reading;
    const { practice } = words;
    if (!settings.names(label)) return practice.off;
    if (this.guess === label) return practice.same;
    if (this.guess === null) return practice.youUnsure;
    return label === null ? practice.mienUnsure : practice.differ;
  }

  #writeSummary() {
    const { practice } = words;
    const { tally, labels, rounds } = this;
    const enough = tally.faces >= FEW;
    const looks = enough ? tally.looks(labels).filter(({ label }) => settings.names(label)) : [];
    const { named, yours, miens } = tally.folders(labels);
    put("looked", practice.looked(tally.faces));
    put("agreed", enough ? practice.agreed(tally.same) : "");
    $("looks").hidden = !enough;
    $("looks").replaceChildren(
      ...looks.map((one) => said(kindOf(one.label), "", begun(words.word(one.label)), practice.counts(one.yours, one.miens))),
    );
    put("folders", enough && named ? practice.folders(named, yours, miens) : "");
    const over = rounds.over && !this.#unanswered;
    put("all", over ? practice.all : "");
    $("go-on").hidden = over;
  }
}

function put(name, text) {
  const element = $(name);
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !text;
}
