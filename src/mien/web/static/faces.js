// The faces in view as text: a list to read, and sentences for a screen reader.

import { kindOf, shapeElement } from "./looks.js";
import { words } from "./words.js";

const EMPTY_AFTER_MS = 600; // a face that is missed for a moment changes nothing
const STABLE_MS = 1000; // what is spoken has held this long
const PAUSE_MS = 2500; // and is not followed at once by more

export class FaceList {
  constructor({ list, nobody, note, spoken }) {
    Object.assign(this, { list, nobody, note, spoken });
    this.items = new Map();
    this.reset();
  }

  reset() {
    for (const { element } of this.items.values()) element.remove();
    this.items.clear();
    this.seen = performance.now();
    this.said = "";
    this.heard = { text: "", since: 0 };
    this.saidAt = -Infinity;
    this.spoken.textContent = "";
    this.#showEmpty(false);
  }

  show(analysis) {
    const now = performance.now();
    for (const reading of analysis.faces) this.#update(reading, now);
    for (const [id, item] of this.items) {
      if (now - item.seen > EMPTY_AFTER_MS) {
        item.element.remove();
        this.items.delete(id);
      }
    }
    if (this.items.size) this.seen = now;
    this.#showEmpty(!this.items.size && now - this.seen > EMPTY_AFTER_MS);
    this.#speak(now);
  }

  #update(reading, now) {
    let item = this.items.get(reading.track_id);
    if (!item) {
      item = { element: document.createElement("li"), key: "" };
      item.element.className = "face";
      this.items.set(reading.track_id, item);
      this.#insert(reading.track_id, item.element);
    }
    item.seen = now;
    const [look, reasons] = [words.look(reading.label), words.reasons(reading.quality.issues)];
    const key = `${look}|${reasons}`;
    if (key === item.key) return; // the page changes only where the words do
    item.key = key;
    item.look = look;
    item.element.replaceChildren(
      shapeElement(kindOf(reading.label)),
      line("person", words.person(reading.track_id)),
      line("look", look),
      ...(reasons ? [line("reasons", reasons)] : []),
    );
  }

  #insert(id, element) {
    const later = [...this.items.keys()].filter((other) => other > id).sort((a, b) => a - b)[0];
    const before = later === undefined ? null : this.items.get(later).element;
    this.list.insertBefore(element, before);
  }

  #showEmpty(empty) {
    this.nobody.hidden = !empty;
    this.note.hidden = !empty;
    this.note.textContent = empty ? words.noFace : "";
  }

  #speak(now) {
    const ids = [...this.items.keys()].sort((a, b) => a - b);
    const sentences = ids.map((id) => words.sentence(id, this.items.get(id).look));
    const text = sentences.join(" ") || words.noFace;
    if (text !== this.heard.text) this.heard = { text, since: now };
    const stable = now - this.heard.since >= STABLE_MS && now - this.saidAt >= PAUSE_MS;
    if (stable && text !== this.said) {
      this.said = this.spoken.textContent = text;
      this.saidAt = now;
    }
  }
}

function line(name, text) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  return element;
}
