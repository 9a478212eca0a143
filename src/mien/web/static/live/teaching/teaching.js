// @ts-check
// "mien reads a face wrongly": faces of people in view are kept with the right word, learnt from, and the model
// that comes of it is compared, read with, or forgotten. All of it is in memory; what is to last is saved.

import { download, toTable } from "../../core/csv.js";
import { $ } from "../../core/dom.js";
import { PLACE } from "../../core/engines.js";
import { people } from "../../core/people.js";
import { personFor, saidBy, wordFor } from "../../core/sayings.js";
import { settings } from "../../core/settings.js";
import { fill, tell, words } from "../../core/words.js";
import { zip } from "../../core/zip.js";
import { cut, shows, toBytes } from "./face.js";
import { Outcome } from "./outcome.js";
import { MOST, offer, Shelf } from "./shelf.js";
import { folderOf, Vocabulary } from "./vocabulary.js";

/**
 * @typedef {import("../../generated/messages.js").Analyzed} Analyzed
 * @typedef {import("../../generated/messages.js").FaceFacts} FaceFacts
 * @typedef {import("../../core/talk.js").Talk} Talk
 */

const ZIP = "application/zip";
const FEWEST = 2; // words, and faces of each
const WHERE = /** @type {const} */ ({ machine: "here", network: "overNetwork", browser: "inBrowser" });

export class Teaching {
  #vocabulary = new Vocabulary();
  #shelf = new Shelf($("teaching-kept"), this.#vocabulary);
  #outcome = new Outcome();
  /** @type {{ size: [number, number], faces: readonly FaceFacts[] }} */
  #seen = { size: [1, 1], faces: [] };
  #stream = 1;
  #deletions = 0; // what was asked for before one of them comes too late
  #word = "";
  #offered = ""; // whose faces can be kept
  #learning = false;
  #teaches = false;
  #adapted = false; // whether what was learnt reads

  /**
   * @param {() => HTMLVideoElement | HTMLCanvasElement} source what is shown
   * @param {Talk | null} engine
   */
  constructor(source, engine) {
    this.source = source;
    this.engine = engine;
    const act = (id, action) => $(id).addEventListener("click", action);
    act("teaching-close", () => this.#close());
    act("teaching-learn", () => this.#learn());
    act("teaching-cancel", () => this.#cancel());
    act("teaching-save", () => this.#save());
    act("teaching-forget", () => this.#forget());
    act("teaching-use", () => this.engine?.send({ type: "choose", adapted: !this.#adapted }));
    act("teaching-save-model", () => this.engine?.send({ type: "save" }));
    $("teaching-word").addEventListener("change", () => (this.#word = $("teaching-word").value));
    $("teaching-add").addEventListener("submit", (event) => this.#add(event));
    // Letters that are keys elsewhere are letters here.
    $("teaching-new").addEventListener("keydown", (event) => event.stopPropagation());
    this.#shelf.onChange = () => this.#show();
    this.#shelf.onEmpty = () => $("teaching-title").focus();
    for (const told of [settings, people]) told.onChange(() => this.#tell());
    tell($("teaching-here"), () => words.teaching[WHERE[PLACE]]);
    tell($("teaching-cannot"), () => words.teaching[PLACE === "browser" ? "cannotHere" : "cannot"]);
    this.#tell();
  }

  /** @param {import("../../generated/messages.js").Hello} hello */
  greet({ labels, teaches, adapted }) {
    if (!adapted) this.#vocabulary.learn(labels);
    this.#teaches = teaches;
    this.#adapted = adapted;
    this.#tell();
  }

  // The connection is lost, and what was learnt with it.
  lose() {
    const had = this.#learning || this.#outcome.there;
    this.#setLearning(false);
    this.#outcome.show(null);
    this.#adapted = false;
    if (had) this.#say(() => words.teaching.lost);
    this.#tell();
  }

  /** @param {Analyzed | import("../../generated/messages.js").StillAnalyzed} analysis */
  see({ size, faces }) {
    this.#seen = { size: [size[0], size[1]], faces };
    this.#offerPeople();
  }

  // Nobody is in view, or nothing is shown.
  clear() {
    this.#seen = { size: [1, 1], faces: [] };
    this.#offerPeople();
  }

  // Another stream counts its people anew.
  begin() {
    this.#stream += 1;
    this.clear();
  }

  /** @param {import("../../generated/messages.js").Adapting} adapting */
  progress({ done, total }) {
    Object.assign($("teaching-progress"), { max: total, value: done });
  }

  /** @param {import("../../generated/messages.js").Adapted} adapted */
  finish(adapted) {
    if (!this.#learning) return;
    this.#setLearning(false);
    this.#outcome.show(adapted);
    this.#say(() => words.teaching.verdicts[adapted.verdict]);
    this.#tell();
    $("teaching-result").focus();
  }

  /** @param {import("../../generated/messages.js").Unadapted} why */
  fail({ message, told }) {
    if (!this.#learning) return;
    this.#setLearning(false);
    this.#say(told ? () => said(message, told) : message);
  }

  /** @param {Blob} archive a bundle */
  take(archive) {
    download("mien-model", "zip", ZIP, archive);
    this.#say(() => words.teaching.savedModel);
  }

  open() {
    $("teaching").hidden = false;
    this.#tell();
    $("teaching-title").focus();
    $("teaching").scrollIntoView({ block: "nearest" });
  }

  // What is kept stays; the button says that there is something.
  #close() {
    $("teaching").hidden = true;
    this.#tell();
    const places = [$("wrong"), $("tools-open"), $("start-camera")];
    places.find((place) => place.offsetParent)?.focus();
  }

  /** @param {SubmitEvent} event */
  #add(event) {
    event.preventDefault();
    const word = this.#vocabulary.add($("teaching-new").value);
    if (!word) {
      $("teaching-new").focus();
      return;
    }
    this.#word = word;
    $("teaching-new").value = "";
    this.#say(() => fill(words.teaching.added, { word: wordFor(word) }));
    this.#tell();
    $("teaching-word").focus();
  }

  /** @param {number} number whose face is to be kept */
  async #keep(number) {
    const { engine } = this;
    const face = this.#seen.faces.find(({ track_id }) => track_id === number);
    const [word, person] = [this.#word, `${this.#stream}-${number}`];
    if (!face || !engine) return;
    if (this.#shelf.full) {
      this.#say(() => fill(words.teaching.full, { count: MOST }));
      return;
    }
    const deletions = this.#deletions;
    const canvas = cut(this.source(), this.#seen.size, face.box);
    const jpeg = (await shows(engine, canvas)) && (await toBytes(canvas));
    if (deletions !== this.#deletions) return; // all was deleted meanwhile
    if (!jpeg) {
      this.#say(() => fill(words.teaching.faceless, { person: personFor(number) }));
      return;
    }
    if (this.#shelf.full) return; // pressed in a hurry
    this.#shelf.add({ word, person, jpeg }, canvas);
    this.#say(() =>
      fill(words.teaching.kept, { count: this.#shelf.counts.get(word) ?? 0, word: wordFor(word) }),
    );
  }

  #learn() {
    const { engine } = this;
    const { counts, faces } = this.#shelf;
    const few = [...counts].find(([, count]) => count < FEWEST);
    if (counts.size < FEWEST) return this.#say(() => words.teaching.fewWords);
    if (few) return this.#say(() => fill(words.teaching.fewFaces, { word: wordFor(few[0]) }));
    if (!engine?.open) return this.#say(() => words.lost);
    this.#outcome.show(null);
    this.#setLearning(true);
    this.#say(() => words.teaching.learning);
    engine.send({
      type: "adapt",
      faces: faces.map(({ word, person, jpeg }) => ({ word, person, jpeg: toBase64(jpeg) })),
    });
    $("teaching-cancel").focus();
  }

  #cancel() {
    this.engine?.send({ type: "forget" });
    this.#setLearning(false);
    this.#say(() => words.teaching.cancelled);
    $("teaching-learn").focus();
  }

  // As the folder of class folders that `mien adapt` takes, which says who is who.
  #save() {
    const numbers = /** @type {Map<string, number>} */ (new Map());
    const files = this.#shelf.faces.map(({ word, person, jpeg }) => {
      const number = (numbers.get(word) ?? 0) + 1;
      numbers.set(word, number);
      return { name: `${folderOf(word)}/${number}.jpg`, person, data: jpeg };
    });
    const notes = toTable(
      ["file_name", "group"],
      files.map(({ name, person }) => [name, person]),
    );
    const entries = [...files, { name: "metadata.csv", data: new TextEncoder().encode(notes) }];
    download(
      "mien-faces",
      "zip",
      ZIP,
      zip(entries.map(({ name, data }) => ({ name: `faces/${name}`, data }))),
    );
    this.#say(() => words.teaching.saved);
  }

  // All of it: the faces, what was learnt from them, and the words that were added.
  #forget() {
    if (this.#teaches) this.engine?.send({ type: "forget" });
    this.#setLearning(false);
    this.#deletions += 1;
    this.#outcome.show(null);
    this.#vocabulary.clear();
    this.#shelf.clear();
    this.#say(() => words.teaching.forgotten);
    this.#tell();
    $("teaching-title").focus();
  }

  /** @param {boolean} learning */
  #setLearning(learning) {
    this.#learning = learning;
    if (learning) $("teaching-progress").removeAttribute("value");
    this.#show();
  }

  #say(text) {
    tell($("teaching-said"), text);
  }

  // After a change of the language, of a name, or of the model.
  #tell() {
    const offered = this.#vocabulary.words;
    if (!offered.includes(this.#word)) this.#word = offered[0] ?? "";
    offer($("teaching-word"), offered, this.#word);
    this.#shelf.tell();
    this.#outcome.tell();
    this.#offered = "";
    this.#offerPeople();
    this.#show();
  }

  #show() {
    const { length } = this.#shelf.faces;
    const [idle, any] = [!this.#learning, length > 0];
    $("wrong").setAttribute("aria-expanded", String(!$("teaching").hidden));
    $("teaching-learn").hidden = !(this.#teaches && any && idle);
    $("teaching-cannot").hidden = this.#teaches;
    $("teaching-save").hidden = !any;
    $("teaching-forget").hidden = !any && !this.#outcome.there;
    $("teaching-cancel").hidden = $("teaching-progress").hidden = idle;
    $("teaching-use").textContent = this.#adapted ? words.teaching.back : words.teaching.use;
    $("teaching-using").hidden = !this.#adapted;
    tell($("teaching-count"), () => fill(words.teaching.count, { count: length }));
    $("teaching-count").hidden = !any;
  }

  // A button for each person in view.
  #offerPeople() {
    const numbers = this.#seen.faces.map(({ track_id }) => track_id).sort((a, b) => a - b);
    const offered = $("teaching").hidden ? "" : numbers.join();
    $("teaching-nobody").hidden = numbers.length > 0;
    if (offered === this.#offered) return;
    this.#offered = offered;
    const place = $("teaching-people");
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.number;
    place.replaceChildren(...(offered ? numbers : []).map((number) => this.#button(number)));
    if (focused !== undefined) this.#focus(place, focused);
  }

  /**
   * @param {HTMLElement} place
   * @param {string} number of whose button had the focus
   */
  #focus(place, number) {
    const button = /** @type {HTMLElement | null} */ (place.querySelector(`[data-number="${number}"]`));
    (button ?? $("teaching-word")).focus();
  }

  /** @param {number} number */
  #button(number) {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.className = "button small";
    button.dataset.number = String(number);
    button.textContent = fill(words.teaching.keep, { person: personFor(number) });
    button.addEventListener("click", () => this.#keep(number));
    return button;
  }
}

/**
 * What the server says, its word as the page calls it.
 *
 * @param {string} message
 * @param {import("../../generated/messages.js").Sentence} told
 */
function said(message, told) {
  const { word } = told.values;
  const values = typeof word === "string" ? { ...told.values, word: wordFor(word) } : told.values;
  const text = saidBy(message, { ...told, values });
  return typeof text === "string" ? text : text();
}

/** @param {Uint8Array} bytes */
function toBase64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
