// @ts-check
// What all kinds of show have in common: the browser's camera, a film, a picture, a source of the server.
// A show knows how its pictures come; when, `Live` decides, and `Stage` is where they are seen.

import { fill, words } from "../../core/words.js";

/**
 * @typedef {import("../live.js").Live} Live
 * @typedef {import("../../generated/messages.js").Analyzed} Analyzed
 */

// Why a show cannot be opened, in the present words.
export class ShowError extends Error {
  /** @param {() => string} text */
  constructor(text) {
    super(text());
    this.text = text;
  }
}

/**
 * Why a file cannot be opened. A folder that is dropped is an empty file to some browsers.
 *
 * @param {File} file
 */
export function cannotOpen({ name, size }) {
  return new ShowError(() => fill(size ? words.file.unknown : words.file.empty, { name }));
}

export class Show {
  /**
   * @param {Live} live
   * @param {HTMLVideoElement | HTMLCanvasElement} element where it is seen
   * @param {() => HTMLElement} button returns the one that starts it
   */
  constructor(live, element, button) {
    this.live = live;
    this.element = element;
    this.button = button;
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

  // Whether it is read while the page is out of sight.
  get goesOnUnseen() {
    return false;
  }

  // What the user calls it.
  get name() {
    return "";
  }

  /**
   * Width and height in pixels; null where they are not known yet.
   *
   * @returns {[number, number] | null}
   */
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

  // It has come to its end, and is shown again.
  again() {
    this.live.renew();
  }

  // Where in it the present picture is, in seconds; null where there are no places.
  /** @returns {number | null} */
  get place() {
    return null;
  }

  /**
   * Goes to such a place.
   *
   * @param {number} _place
   */
  jump(_place) {}

  // The page has come in sight, or gone out of it.
  turn() {}

  /**
   * Takes the server's answer to a picture that the page has sent.
   *
   * @param {Analyzed} _analysis
   */
  take(_analysis) {}

  /**
   * Takes a frame that the server has read.
   *
   * @param {Analyzed} _analysis
   * @param {ImageBitmapSource} _picture
   */
  takeFrame(_analysis, _picture) {}

  /**
   * The server waits for a source that has broken off.
   *
   * @param {string | (() => string)} _text
   */
  wait(_text) {}

  // The server is lost: what was asked of it will not come.
  lose() {}

  stop() {}
}

// A show whose pictures the page itself sends, one by one.
export class SentShow extends Show {
  /**
   * @param {Live} live
   * @param {HTMLVideoElement} video
   * @param {() => HTMLElement} button
   * @param {import("./feed.js").Feed} feed
   */
  constructor(live, video, button, feed) {
    super(live, video, button);
    this.video = video;
    this.feed = feed;
  }

  /** @returns {[number, number]} */
  get size() {
    return [this.video.videoWidth, this.video.videoHeight];
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

  /** @param {Analyzed} analysis */
  take(analysis) {
    const taken = this.feed.answered();
    if (this.live.halted) return;
    // What was seen before a pause is no longer there.
    if (taken >= this.since) this.live.stage.present(analysis, taken, this.place);
    this.feed.send();
  }
}
