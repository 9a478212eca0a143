// @ts-check
// A window, a tab or a screen that the user shares with the page: a call, above all.

import { $ } from "../../core/dom.js";
import { words } from "../../core/words.js";
import { CAMERA, WINDOW } from "./pace.js";
import { SentShow, ShowError } from "./show.js";

export class WindowShow extends SentShow {
  /**
   * @param {import("../live.js").Live} live
   * @param {HTMLVideoElement} video
   * @param {import("./feed.js").Feed} feed
   */
  constructor(live, video, feed) {
    super(live, video, () => $("start-window"), feed);
    this.wish = 0; // counts what is asked for
    /** @type {MediaStream | null} */
    this.stream = null;
    // Phones cannot share what they show.
    this.button().hidden = !navigator.mediaDevices?.getDisplayMedia;
  }

  get isOpen() {
    return this.stream !== null;
  }

  // Who reads a call looks at the call.
  get goesOnUnseen() {
    return true;
  }

  describe() {
    return this.isOpen ? words.window.reading : words.window.choose;
  }

  async open() {
    this.wish += 1;
    const { wish } = this;
    const stream = await this.#ask();
    if (wish !== this.wish) {
      end(stream);
      return false;
    }
    const [track] = stream.getVideoTracks();
    track.addEventListener("ended", () => wish === this.wish && this.live.fail(() => words.window.ended));
    this.video.srcObject = stream;
    await this.video.play().catch(() => {}); // it was closed meanwhile
    if (wish !== this.wish) return false;
    this.stream = stream;
    this.feed.suit(WINDOW);
    return true;
  }

  stop() {
    this.wish += 1;
    end(/** @type {MediaStream | null} */ (this.video.srcObject));
    this.stream = this.video.srcObject = null;
    this.feed.suit(CAMERA);
  }

  async #ask() {
    const video = { frameRate: { ideal: 15 } };
    try {
      // The page itself is not offered: it would show itself in itself.
      return await navigator.mediaDevices.getDisplayMedia(
        /** @type {DisplayMediaStreamOptions} */ ({ video, audio: false, selfBrowserSurface: "exclude" }),
      );
    } catch (error) {
      const { name } = /** @type {DOMException} */ (error);
      const kind = name === "NotAllowedError" || name === "AbortError" ? "refused" : "failed";
      throw new ShowError(() => words.window[kind]);
    }
  }
}

function end(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
