// @ts-check
// Practice with the user's own pictures: each is read by mien, which then says what it sees.

import { contextOf } from "../core/dom.js";
import { $ } from "./dom.js";
import { restOf, restsOf } from "./rests.js";
import { folderOf, lookOf, Rounds } from "./rounds.js";
import { tellFace, tellSummary } from "./telling.js";

export class OwnPictures {
  // `labels` gives those of the model; `onLeftOut` is called after each picture that shows no face, and where more is known to tell.
  constructor(items, portraits, labels, onLeftOut) {
    this.rests = restsOf(items);
    this.statesOf = undefined; // no part of what the page waits for at first
    import("./drawn/looks.js").then(
      (looks) => {
        this.statesOf = looks.statesOf;
        onLeftOut();
      },
      () => {},
    );
    this.portraits = portraits;
    this.labels = labels;
    this.rounds = new Rounds(items, (item) => this.#read(item), onLeftOut);
  }

  get answers() {
    return this.labels();
  }

  get leftOut() {
    return this.rounds.leftOut;
  }

  get over() {
    return this.rounds.over;
  }

  async next() {
    const face = await this.rounds.next();
    if (face) face.look = lookOf(face.folder, this.labels());
    return face;
  }

  cancel() {
    this.rounds.cancel();
  }

  close() {
    this.rounds.close();
  }

  show(face) {
    $("face").toggleAttribute("hidden", false);
    $("drawing").toggleAttribute("hidden", true);
    paint(face.picture);
  }

  // Shows the same face at rest, or as it was.
  turn(face, atRest) {
    paint(atRest ? face.rest.picture : face.picture);
  }

  learn({ reading: { label }, look }, answer) {
    return { faces: "pictures", person: null, look, strength: null, answer, mien: label };
  }

  tell(face, number, guess) {
    tellFace(face, number, guess, this.statesOf);
  }

  tellSummary(tally, over) {
    tellSummary(tally, this.labels(), over);
  }

  // A face, with the one of the same person at rest where there is one.
  async #read(item) {
    const face = await this.portraits.read(item);
    if (typeof face === "string") return face;
    const found = restOf(item, this.rests);
    const read = found && (await this.portraits.read(found));
    const rest = read && typeof read !== "string" ? read : null;
    return {
      ...face,
      folder: folderOf(item),
      rest,
      close() {
        face.close();
        rest?.close();
      },
    };
  }
}

function paint(picture) {
  const canvas = $("face");
  canvas.width = canvas.height = picture.width;
  contextOf(canvas).drawImage(picture, 0, 0);
}
