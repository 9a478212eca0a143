// What all kinds of show have in common: the browser's camera, a film, a picture, a source of the server.
// A show knows how its pictures come; when, `Live` decides, and `Stage` is where they are seen.

import { fill, words } from "../../core/words.js";

// Why a show cannot be opened, in the present words.
export class ShowError extends Error {
  constructor(text) {
    super(text());
    this.text = text;
  }
}

export class Show {
  // `element` is where it is seen, a <video> or a <canvas>; `button` returns the one that starts it.
  constructor(live, element, button) {
    Object.assign(this, { live, element, button });
  }

  // Whether it is one picture, which can neither be paused nor last.
  get still() {
    return false;
  }

  // Whether there is something to see.
  get isOpen() {
    return true;
  }

  // Whether a pause has closed it.
  get needsOpening() {
    return false;
  }

  // Whether it is about to change, until when nothing is read.
  get busy() {
    return false;
  }

  get mirrored() {
    return false;
  }

  // What the user calls it.
  get name() {
    return "";
  }

  // Width and height in pixels; null where they are not known yet.
  get size() {
    return null;
  }

  // What is said of it below the picture.
  describe() {
    return this.isOpen ? fill(words.showing, { name: this.name }) : words.starting;
  }

  // Opens it. Returns false where something else was asked for meanwhile; raises a ShowError.
  async open() {
    return true;
  }

  // Begins a stream of its pictures.
  begin() {}

  // Goes on with the stream, after it was held up for a while.
  goOn() {}

  pause() {}

  resume() {}

  // The page has come in sight, or gone out of it.
  turn() {}

  // Takes the server's answer to a picture that the page has sent.
  take(_analysis) {}

  // Takes a frame that the server has read.
  takeFrame(_analysis, _jpeg) {}

  // The server waits for a source that has broken off.
  wait(_text) {}

  // The server is lost: what was asked of it will not come.
  lose() {}

  stop() {}
}

// A show whose pictures the page itself sends, one by one.
export class SentShow extends Show {
  constructor(live, video, button, feed) {
    super(live, video, button);
    this.feed = feed;
  }

  get size() {
    return [this.element.videoWidth, this.element.videoHeight];
  }

  // Since when its pictures have been those of now, in milliseconds.
  get since() {
    return 0;
  }

  begin() {
    this.feed.send();
  }

  goOn() {
    this.feed.send();
  }

  take(analysis) {
    const taken = this.feed.answered();
    if (this.live.halted) return;
    // What was seen before a pause is no longer there.
    if (taken >= this.since) this.live.stage.present(analysis, taken);
    this.feed.send();
  }
}
