// @ts-check
// All that is to be seen of a show: its picture, what is drawn over it, the list, the strips, the figures.

import { sizeTo } from "../core/canvas.js";
import { $, contextOf } from "../core/dom.js";
import { people } from "../core/people.js";
import { settings } from "../core/settings.js";
import { tell, words } from "../core/words.js";
import { Door } from "./door.js";
import { FaceList } from "./faces.js";
import { Floating } from "./floating.js";
import { Marking } from "./marking.js";
import { Nearest } from "./nearest.js";
import { Overlay } from "./overlay.js";
import { Stats } from "./stats.js";
import { Timeline } from "./timeline.js";
import { Usual } from "./usual.js";

/**
 * @typedef {import("./live.js").State} State
 * @typedef {import("./shows/show.js").Show} Show
 * @typedef {import("../generated/messages.js").Analyzed} Analyzed
 */

export class Stage {
  // `voice` hears which look each face has; `onPause` is called where the floating word asks for a rest.
  constructor(voice, onPause) {
    this.video = $("video");
    this.picture = $("picture");
    this.overlay = new Overlay($("overlay"));
    this.stats = new Stats($("stats"));
    const [list, nobody, note, spoken] = [$("faces"), $("nobody"), $("note"), $("spoken")];
    this.usual = new Usual();
    this.faces = new FaceList({ list, nobody, note, spoken, usual: this.usual, voice });
    this.nearest = new Nearest();
    this.timeline = new Timeline();
    this.marking = new Marking(this.timeline);
    this.floating = new Floating($("float"), onPause);
    this.door = new Door(() => (this.video.hidden ? this.picture : this.video));
    this.#bringForwardWhatIsPointedAt();
    // A window is drawn larger, or a phone is turned.
    this.video.addEventListener("resize", () => {
      if (!this.video.hidden && this.video.videoWidth)
        this.#setShape(this.video.videoWidth, this.video.videoHeight);
    });
    tell($("panel-title"), () => (settings.values.nearest ? words.nearestFace : words.facesInView));
    this.setState("off");
  }

  /**
   * The buttons that a show has, and the focus on the first of them.
   *
   * @param {Show} show
   */
  offer({ still }) {
    $("pause").hidden = $("keep").hidden = $("float").hidden = still;
    this.usual.offer({ still });
    this.marking.show(!still);
    tell($("stop"), () => (still ? words.settings.close : words.stop));
    $(still ? "stop" : "pause").focus();
  }

  /**
   * Shows the state of `Live`: while there is nothing to see, a cover that says why.
   *
   * @param {State} state
   */
  setState(state) {
    const [paused, done] = [state === "paused", state === "done"];
    $("cover").hidden = !paused && state !== "opening";
    $("cover").classList.toggle("opens", !paused);
    tell($("cover-word"), () => (paused ? words.paused : words.starting));
    this.floating.setPaused(paused);
    $("keep").disabled = paused; // what is hidden is not kept
    tell($("pause-word"), () => (done ? words.again : paused ? words.goOn : words.pause));
  }

  /** @param {Show} show */
  describe(show) {
    tell($("source"), () => show.describe());
  }

  /**
   * Another stream begins: what is shown of its people is told anew.
   *
   * @param {Show} show
   */
  begin(show) {
    this.nearest.reset();
    this.usual.reset();
    this.door.teaching?.begin();
    people.forget();
    this.floating.reset();
    this.stats.reset();
    if (!show.still) this.timeline.begin();
  }

  /**
   * There is something to see of a show, for the first time or again.
   *
   * @param {Show} show
   */
  start(show) {
    this.video.hidden = show.element !== this.video;
    this.picture.hidden = show.element !== this.picture;
    this.video.classList.toggle("mirrored", show.mirrored);
    if (show.size) this.#setShape(...show.size);
    this.faces.reset();
    this.overlay.start(show.mirrored);
  }

  // Nothing is read for now.
  rest() {
    this.overlay.stop();
    this.faces.rest();
    this.door.teaching?.clear();
    this.stats.reset();
  }

  stop() {
    this.overlay.stop();
    this.faces.reset();
    this.usual.reset();
    this.door.teaching?.clear();
    this.floating.show({ faces: [] });
  }

  // There is no picture at the moment: what was said of the last one is taken back.
  clear() {
    this.overlay.clear();
    this.faces.reset();
    this.door.teaching?.clear();
  }

  // The camera is open, but gives no picture; or it gives one again.
  darken(dark) {
    tell($("dark"), () => (dark ? words.camera.dark : ""));
    $("dark").hidden = !dark;
    if (dark) this.clear();
  }

  // Draws a frame of the server's.
  draw(bitmap) {
    const { picture } = this;
    sizeTo(picture, bitmap.width, bitmap.height);
    this.#setShape(bitmap.width, bitmap.height);
    contextOf(picture).drawImage(bitmap, 0, 0);
  }

  /**
   * Shows a result of a stream; `taken` is when its picture was, in milliseconds, where known.
   *
   * @param {Analyzed} analysis
   * @param {number | null} taken
   * @param {number | null} place where in a film it was, in seconds
   */
  present(analysis, taken, place = null) {
    this.showFaces(analysis);
    this.timeline.add(analysis, place);
    this.stats.add(analysis, taken);
  }

  /**
   * Shows faces; `moves` is whether looks may change, and so last.
   *
   * @param {Analyzed | import("../generated/messages.js").StillAnalyzed} analysis
   */
  showFaces(analysis, moves = true) {
    this.floating.show(analysis);
    const shown = settings.values.nearest ? this.nearest.only(analysis) : analysis;
    this.overlay.show(shown);
    this.faces.show(shown, moves);
    this.usual.see(analysis.faces);
    this.door.teaching?.see(analysis);
  }

  // In the picture or in the list, by a mouse, a finger or the keyboard.
  #bringForwardWhatIsPointedAt() {
    const point = ({ clientX, clientY }) => this.overlay.bringForward(this.overlay.at(clientX, clientY));
    const { canvas } = this.overlay;
    canvas.addEventListener("pointermove", point);
    canvas.addEventListener("pointerdown", point);
    // A finger that is lifted leaves, too, and what was tapped stays.
    canvas.addEventListener("pointerleave", ({ pointerType }) => {
      if (pointerType === "mouse") this.overlay.bringForward(null);
    });
    this.faces.onPoint = (id) => this.overlay.bringForward(id);
  }

  #setShape(width, height) {
    $("layout").style.setProperty("--ratio", String(width / height));
  }
}
