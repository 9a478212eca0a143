// @ts-check
// The browser's camera as a show: which one it is, and whether it is on.

import { $ } from "../../core/dom.js";
import { settings } from "../../core/settings.js";
import { fill, words } from "../../core/words.js";
import { CameraChoice } from "./cameras.js";
import { SentShow, ShowError } from "./show.js";
import { CameraError, Webcam } from "./webcam.js";

export class CameraShow extends SentShow {
  constructor(live, video, feed) {
    super(live, video, () => $("start-camera"), feed);
    this.webcam = new Webcam(video, {
      onGone: () => live.fail(() => words.camera.unplugged),
      onDark: (dark) => live.stage.darken(dark),
    });
    this.choice = new CameraChoice($("camera-choice"), $("camera"), (id) => this.#choose(id));
    this.before = null; // the camera to go back to, should the chosen one not open
  }

  get isOpen() {
    return this.webcam.isOpen;
  }

  get needsOpening() {
    return !this.isOpen;
  }

  get mirrored() {
    return this.webcam.mirrored;
  }

  get since() {
    return this.webcam.since;
  }

  describe() {
    const { state } = this.live;
    if (state === "paused") return words.camera.off;
    return state === "opening" ? words.starting : words.ownCamera;
  }

  // Opens the camera, for the first time or again. Whatever is asked for meanwhile comes first.
  async open() {
    const { before } = this;
    this.before = null;
    try {
      if (!(await this.webcam.open())) return false;
    } catch (error) {
      if (!(error instanceof CameraError)) throw error;
      if (!before) throw new ShowError(() => reasonOf(error));
      this.#set(before);
      this.live.status.say(() => words.camera.kept);
      return this.open();
    }
    this.choice.show(this.webcam.id);
    return true;
  }

  // So that its light goes out.
  pause() {
    this.webcam.rest();
  }

  stop() {
    this.webcam.close();
    this.choice.hide();
  }

  // Changes to another camera, whose people are counted anew.
  #choose(id) {
    this.before = this.live.state === "paused" ? null : this.webcam.id;
    this.#set(id);
    this.live.change();
  }

  #set(id) {
    this.webcam.id = id;
    this.choice.mark(id);
    settings.set("camera", id);
  }
}

function reasonOf({ kind, message }) {
  return kind === "failed" ? fill(words.camera.failed, { reason: message }) : words.camera[kind];
}
