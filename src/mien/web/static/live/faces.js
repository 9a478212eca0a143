// @ts-check
// The faces in view as text: a list to read, and sentences for a screen reader.

import { amongAll, percentSure, readingLook, shapeElement } from "../core/looks.js";
import { people } from "../core/people.js";
import { sentenceFor } from "../core/sayings.js";
import { settings } from "../core/settings.js";
import { fill, tell, words } from "../core/words.js";
import { Announcer } from "../sound/announcer.js";
import { naming } from "./naming.js";
import { CROWD } from "./placement.js";

const EMPTY_AFTER_MS = 600; // a face that is missed for a moment changes nothing
// How long a look is said to last, in seconds: in steps, so that no figure runs.
const STEPS_S = [5, 10, 20, 30];
const SURE_MS = 500; // how often the percentage may change

export class FaceList {
  // `voice`, where there is one, hears which look each face has; `usual`, where there is one, has a line for each.
  /**
   * @param {{ list: HTMLElement, nobody: HTMLElement, note: HTMLElement, spoken: HTMLElement,
   *   usual?: import("./usual.js").Usual | null, voice?: any }} parts
   */
  constructor({ list, nobody, note, spoken, usual = null, voice = null }) {
    this.list = list;
    this.nobody = nobody;
    this.note = note;
    this.spoken = spoken;
    this.usual = usual;
    this.voice = voice;
    this.items = new Map();
    this.seen = -Infinity;
    this.announcer = new Announcer();
    /** @type {(id: number | null) => void} hears which face is pointed at in the list, or focused */
    this.onPoint = () => {};
    tell(note, () => words.noFace);
    settings.onChange(() => this.#renew());
    people.onChange(() => this.#renew());
    this.reset();
  }

  reset() {
    for (const id of this.items.keys()) this.#remove(id);
    this.seen = performance.now();
    this.announcer.reset();
    this.voice?.reset();
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

  /**
   * Shows a result; `moves` is whether looks may change, and so last.
   *
   * @param {import("../generated/messages.js").Analyzed | import("../generated/messages.js").StillAnalyzed} analysis
   */
  show(analysis, moves = true) {
    const now = performance.now();
    for (const reading of analysis.faces) this.#update(reading, now, moves);
    // Of the one nearest face there is one word, never two.
    const patience = settings.values.nearest && analysis.faces.length ? 0 : EMPTY_AFTER_MS;
    for (const [id, item] of this.items) {
      if (now - item.seen > patience) {
        this.#remove(id);
      }
    }
    // Of a crowd the picture shows signs: whose words come forward can be chosen by the keyboard, too.
    for (const { element } of this.items.values()) {
      if (this.items.size >= CROWD) element.tabIndex = 0;
      else element.removeAttribute("tabindex");
    }
    if (this.items.size) this.seen = now;
    this.#showEmpty(!this.items.size && now - this.seen > EMPTY_AFTER_MS);
    this.#speak(now);
    this.voice?.hear(new Map([...this.items].map(([id, { label }]) => [id, label])), now);
  }

  // After a change of the settings: what is shown is written anew with the next result.
  #renew() {
    for (const item of this.items.values()) {
      item.key = "";
      item.naming.tell();
    }
    this.usual?.tell();
  }

  #remove(id) {
    this.items.get(id).element.remove();
    this.items.delete(id);
    this.usual?.leave(id);
  }

  #update(reading, now, moves) {
    let item = this.items.get(reading.track_id);
    if (!item) {
      const name = naming(reading.track_id);
      const usual = this.usual?.line(reading.track_id).element ?? null;
      item = { element: document.createElement("li"), key: "", naming: name, usual };
      item.element.className = "face";
      item.element.append(name.element, ...(usual ? [usual] : []));
      this.#point(item.element, reading.track_id);
      this.items.set(reading.track_id, item);
      this.#insert(reading.track_id, item.element);
    }
    const { kind, look, reasons } = readingLook(reading);
    const shown = look === null ? kind : reading.label;
    if (shown !== item.shown || now - item.seen > EMPTY_AFTER_MS) Object.assign(item, { shown, since: now });
    Object.assign(item, { seen: now, label: reading.label });
    const key = `${kind}|${look}|${reasons}`;
    if (key !== item.key) {
      // The page changes only where the words do.
      Object.assign(item, { key, look, sureAt: -Infinity });
      item.sure = settings.values.sure && look && reading.label !== null ? sureElement() : null;
      item.lasting = line("lasting", "");
      // The name stays where it is: it may be being written; and so does what may have the focus.
      const stay = [item.naming.element, item.usual];
      for (const part of [...item.element.children]) if (!stay.includes(part)) part.remove();
      item.element.prepend(shapeElement(kind));
      const said = [
        ...(look
          ? [line("look", look)]
          : [line("look unsaid", "—", true), line("visually-hidden", words.unsaid)]),
        item.lasting,
        ...(reasons ? [line("reasons", reasons)] : []),
        ...(item.sure ? [item.sure.element] : []),
      ];
      for (const part of said) item.element.insertBefore(part, item.usual);
    }
    const lasting = look && moves ? duration((now - item.since) / 1000) : "";
    this.usual?.show(reading.track_id, reading.usual);
    if (item.lasting.textContent !== lasting) item.lasting.textContent = lasting;
    if (item.sure && now - item.sureAt >= SURE_MS) {
      item.sureAt = now;
      item.sure.set(amongAll(reading.probabilities[reading.label], reading));
    }
  }

  #point(element, id) {
    for (const event of ["pointerenter", "focus"]) element.addEventListener(event, () => this.onPoint(id));
    for (const event of ["pointerleave", "blur"]) element.addEventListener(event, () => this.onPoint(null));
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
    const text = this.#sentences();
    if (this.announcer.due(new Map([["text", text]]), now) === undefined) return;
    this.announcer.tell("text", now);
    this.spoken.textContent = text;
  }

  // Whoever shows a look that is switched off is left out.
  #sentences() {
    if (!this.items.size) return words.noFace;
    const ids = [...this.items.keys()].filter((id) => this.items.get(id).look).sort((a, b) => a - b);
    return ids.map((id) => sentenceFor(id, this.items.get(id).look)).join(" ");
  }
}

function line(name, text, hidden = false) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  if (hidden) element.setAttribute("aria-hidden", "true");
  return element;
}

function duration(seconds) {
  if (seconds >= 60) return fill(words.minutes, { minutes: Math.floor(seconds / 60) });
  const step = STEPS_S.findLast((one) => one <= seconds);
  return step ? fill(words.seconds, { seconds: step }) : "";
}

// A bar and a percentage.
function sureElement() {
  const [bar, level, text] = [line("sure-bar", "", true), line("sure-fill", ""), line("sure-text", "")];
  const element = line("sure", "");
  bar.append(level);
  element.append(bar, text);
  const set = (share) => {
    const percent = percentSure(share);
    level.style.width = `${percent}%`;
    text.textContent = fill(words.sure, { percent });
  };
  return { element, set };
}
