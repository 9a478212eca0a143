// The faces in view as text: a list to read, and sentences for a screen reader.

import { readingLook, shapeElement } from "./looks.js";
import { settings } from "./settings.js";
import { tell, words } from "./words.js";

const EMPTY_AFTER_MS = 600; // a face that is missed for a moment changes nothing
// What is spoken has held for `stable`, and is not followed by more before `pause` is over.
const PACES = {
  slow: { stable: 1500, pause: 6000 },
  usual: { stable: 1000, pause: 2500 },
  quick: { stable: 500, pause: 1000 },
};
const SURE_MS = 500; // how often the percentage may change
export const MOST_SURE = 99; // no reading of a face is certain

export class FaceList {
  constructor({ list, nobody, note, spoken }) {
    Object.assign(this, { list, nobody, note, spoken });
    this.items = new Map();
    tell(note, () => words.noFace);
    settings.onChange(() => this.#renew());
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

  // Says that nothing is read for now.
  rest() {
    this.reset();
    tell(this.nobody, () => words.paused);
    this.nobody.hidden = false;
    this.spoken.textContent = words.paused;
  }

  show(analysis) {
    const now = performance.now();
    for (const reading of analysis.faces) this.#update(reading, now);
    // Of the one nearest face there is one word, never two.
    const patience = settings.values.nearest && analysis.faces.length ? 0 : EMPTY_AFTER_MS;
    for (const [id, item] of this.items) {
      if (now - item.seen > patience) {
        item.element.remove();
        this.items.delete(id);
      }
    }
    if (this.items.size) this.seen = now;
    this.#showEmpty(!this.items.size && now - this.seen > EMPTY_AFTER_MS);
    this.#speak(now);
  }

  // After a change of the settings: what is shown is written anew with the next result.
  #renew() {
    for (const item of this.items.values()) item.key = "";
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
    const { kind, look, reasons } = readingLook(reading);
    const key = `${kind}|${look}|${reasons}`;
    if (key !== item.key) {
      // The page changes only where the words do.
      Object.assign(item, { key, look, sureAt: -Infinity });
      item.sure = settings.values.sure && look && reading.label !== null ? sureElement() : null;
      item.element.replaceChildren(
        shapeElement(kind),
        line("person", words.person(reading.track_id)),
        ...(look ? [line("look", look)] : [line("look unsaid", "—", true), line("visually-hidden", words.unsaid)]),
        ...(reasons ? [line("reasons", reasons)] : []),
        ...(item.sure ? [item.sure.element] : []),
      );
    }
    if (item.sure && now - item.sureAt >= SURE_MS) {
      item.sureAt = now;
      item.sure.set(reading.probabilities[reading.label]);
    }
  }

  #insert(id, element) {
    const later = [...this.items.keys()].filter((other) => other > id).sort((a, b) => a - b)[0];
    const before = later === undefined ? null : this.items.get(later).element;
    this.list.insertBefore(element, before);
  }

  #showEmpty(empty) {
    if (empty) tell(this.nobody, () => words.noFace);
    this.nobody.hidden = this.note.hidden = !empty;
  }

  #speak(now) {
    const { stable, pause } = PACES[settings.values.pace];
    const text = this.#sentences();
    if (text !== this.heard.text) this.heard = { text, since: now };
    const holds = now - this.heard.since >= stable && now - this.saidAt >= pause;
    if (holds && text !== this.said) {
      this.said = this.spoken.textContent = text;
      this.saidAt = now;
    }
  }

  // Whoever shows a look that is switched off is left out.
  #sentences() {
    if (!this.items.size) return words.noFace;
    const ids = [...this.items.keys()].filter((id) => this.items.get(id).look).sort((a, b) => a - b);
    return ids.map((id) => words.sentence(id, this.items.get(id).look)).join(" ");
  }
}

function line(name, text, hidden = false) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  if (hidden) element.setAttribute("aria-hidden", "true");
  return element;
}

// A bar and a percentage.
function sureElement() {
  const [bar, fill, text] = [line("sure-bar", "", true), line("sure-fill", ""), line("sure-text", "")];
  const element = line("sure", "");
  bar.append(fill);
  element.append(bar, text);
  const set = (share) => {
    const percent = Math.min(MOST_SURE, Math.round(100 * share));
    fill.style.width = `${percent}%`;
    text.textContent = words.sure(percent);
  };
  return { element, set };
}
