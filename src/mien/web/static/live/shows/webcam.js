// @ts-check
// The browser's own camera, as a device: opened, watched and switched off.

import { settings } from "../../core/settings.js";

const DARK_AFTER_MS = 2000; // a camera that gives no picture for a moment is not told of
const BACK = /\b(back|rear)\b/i;

const KINDS = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

export class CameraError extends Error {
  constructor(kind, reason) {
    super(reason);
    this.kind = kind;
  }
}

export class Webcam {
  // Shows the camera in `video`. `onGone` is called when it is unplugged, `onDark` when it gives no
  // picture although it is open (asleep, a closed shutter) and when it gives one again.
  constructor(video, { onGone, onDark }) {
    this.video = video;
    this.onGone = onGone;
    this.onDark = onDark;
    this.id = null; // the camera that is meant: the one that ran last, or was chosen
    this.turn = 0; // counts what is asked for: whatever is still being opened for an earlier wish is closed
    this.stream = null;
    this.since = 0; // when it was opened
    this.mirrored = false;
    this.dark = false;
  }

  get isOpen() {
    return this.stream !== null;
  }

  // Opens the camera that is meant. Returns false where something else was asked for meanwhile.
  async open() {
    this.rest();
    if (!navigator.mediaDevices) throw new CameraError("insecure", "no mediaDevices");
    const { turn } = this;
    const isWanted = () => turn === this.turn;
    let stream;
    try {
      stream = await this.#ask(isWanted);
    } catch (error) {
      const { name } = /** @type {DOMException} */ (error);
      if (!isWanted()) return false;
      const kind = KINDS[name] ?? "failed";
      throw new CameraError(this.id && kind === "missing" ? "unplugged" : kind, name);
    }
    if (!isWanted()) {
      end(stream);
      return false;
    }
    const [track] = stream.getVideoTracks();
    this.opened = stream;
    this.#watch(track, isWanted);
    this.video.srcObject = stream;
    try {
      await this.video.play();
    } catch (error) {
      const { name } = /** @type {DOMException} */ (error);
      if (!isWanted()) return false;
      this.rest();
      throw new CameraError("failed", name);
    }
    if (!isWanted()) return false;
    const { facingMode, deviceId } = track.getSettings();
    this.mirrored = facingMode ? facingMode !== "environment" : !BACK.test(track.label);
    this.id = deviceId ?? null;
    this.stream = stream;
    this.since = performance.now();
    return true;
  }

  // Switches the camera off. The same one is opened again by `open`.
  rest() {
    this.turn += 1;
    end(this.opened);
    this.opened = this.stream = null;
    this.video.srcObject = null;
    this.#setDark(false);
  }

  close() {
    this.rest();
    this.id = null;
  }

  // The camera that this browser remembers may be gone, and then any other will do; in place of one
  // that ran or was just chosen, none will.
  async #ask(isWanted) {
    const wanted = this.id ?? settings.values.camera;
    if (!wanted) return capture({ facingMode: "user" });
    try {
      return await capture({ deviceId: { exact: wanted } });
    } catch (error) {
      if (this.id || !isWanted() || KINDS[/** @type {DOMException} */ (error).name] === "refused")
        throw error;
      return capture({ facingMode: "user" });
    }
  }

  #watch(track, isWanted) {
    const look = () => {
      if (!isWanted()) return;
      clearTimeout(this.timer);
      if (track.muted) this.timer = setTimeout(() => this.#setDark(true), DARK_AFTER_MS);
      else this.#setDark(false);
    };
    track.addEventListener("mute", look);
    track.addEventListener("unmute", look);
    track.addEventListener("ended", () => isWanted() && this.onGone());
    look();
  }

  #setDark(dark) {
    clearTimeout(this.timer);
    if (dark === this.dark) return;
    this.dark = dark;
    this.onDark(dark);
  }
}

function capture(which) {
  const video = { width: { ideal: 1280 }, height: { ideal: 720 }, ...which };
  return navigator.mediaDevices.getUserMedia({ audio: false, video });
}

function end(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
