// @ts-check
// What practice is made of, apart from the page: the order of the faces, their folders, what was said.

import { LOOKS, nameOf } from "../core/names.js";

const AHEAD = 2; // faces that are read before they are asked for: nobody waits, and few are in memory
// The faces of many pictures, in an order that is new each time, read shortly before they are shown.
export class Rounds {
  // `read` makes a promise of a face, or of why there is none: "faceless" or "unreadable";
  // `onLeftOut` is called after each of the latter.
  constructor(items, read, onLeftOut) {
    this.read = read;
    this.onLeftOut = onLeftOut;
    this.waiting = shuffled(items);
    this.ready = [];
    this.leftOut = { faceless: 0, unreadable: 0 };
    this.wanted = null; // whoever waits for a face
    this.reading = this.closed = false;
    this.#read();
  }

  // Whether it is known that no other face comes.
  get over() {
    return !this.ready.length && !this.reading && !this.waiting.length;
  }

  // A promise of the next face, null where there is none; it is not kept where it is cancelled.
  next() {
    return new Promise((resolve) => {
      this.wanted = resolve;
      this.#serve();
      this.#read();
    });
  }

  // Whoever waits for a face has gone; the face stays for the next.
  cancel() {
    this.wanted = null;
  }

  // Frees what was read ahead.
  close() {
    this.cancel();
    this.closed = true;
    this.waiting = [];
    for (const face of this.ready.splice(0)) face.close();
  }

  async #read() {
    if (this.reading) return;
    this.reading = true;
    while (this.waiting.length && this.ready.length < AHEAD) {
      const face = await this.read(this.waiting.pop());
      if (typeof face === "string") this.#leaveOut(face);
      else if (this.closed) face.close();
      else this.ready.push(face);
      this.#serve();
    }
    this.reading = false;
    this.#serve();
  }

  #leaveOut(reason) {
    if (this.closed) return;
    this.leftOut[reason] += 1;
    this.onLeftOut();
  }

  #serve() {
    if (!this.wanted || !(this.ready.length || this.over)) return;
    this.wanted(this.ready.shift() ?? null);
    this.wanted = null;
  }
}

// What was said of the faces: by the user (null for "not sure"), by mien, and by their folders.
export class Tally {
  constructor() {
    this.said = [];
  }

  add({ guess, label, look }) {
    this.said.push({ guess, label, look });
  }

  get faces() {
    return this.said.length;
  }

  get same() {
    return this.said.filter(({ guess, label }) => guess === label).length;
  }

  // How often the user and mien ("label"), or the drawings ("look"), said each of the labels, and "not sure".
  looks(labels, other = "label") {
    const count = (who, label) => this.said.filter((one) => one[who] === label).length;
    const all = [...labels, null].map((label) => ({
      label,
      yours: count("guess", label),
      theirs: count(other, label),
    }));
    return all.filter(({ yours, theirs }) => yours || theirs);
  }

  // Of the faces whose folder names one of the labels: how often it was said by whom.
  folders(labels) {
    const named = this.said.filter(({ look }) => labels.includes(look));
    const count = (who) => named.filter((one) => one[who] === one.look).length;
    return { named: named.length, yours: count("guess"), miens: count("label") };
  }
}

// The folder in which a file lies, where the browser tells.
export function folderOf(file) {
  return file.webkitRelativePath?.split("/").at(-2) ?? "";
}

// The look that a folder's name means, as the model calls it where it knows it; else null.
export function lookOf(folder, labels) {
  const meant = (name) => nameOf(name) ?? name.toLowerCase();
  return [...labels, ...LOOKS].find((label) => meant(label) === meant(folder)) ?? null;
}

export function shuffled(items) {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}
