// Joins the parts: buttons, camera, connection, overlay, list.

import { Camera, CameraError } from "./camera.js";
import { Connection } from "./connection.js";
import { SettingsDialog } from "./dialog.js";
import { FaceList } from "./faces.js";
import { Nearest } from "./nearest.js";
import { Overlay } from "./overlay.js";
import { settings } from "./settings.js";
import { Stats } from "./stats.js";
import { Timeline } from "./timeline.js";
import { tell, words } from "./words.js";

const $ = (id) => document.getElementById(id);
// Only a page on another device comes by https: it must not say that all stays on one machine.
const REMOTE = location.protocol === "https:";
const FULL = 1013; // the code of a connection that was closed because too many pages are open
const USES_SPACE = "button, input, select, textarea, summary, dialog";

class Page {
  constructor() {
    this.mode = null; // what runs: null, "camera", "sample" or "configured"
    this.names = {};
    this.begun = false;
    this.wasLost = false;
    this.waits = false; // for a source of the server that has broken off
    this.turn = 0; // counts the streams: what belongs to an earlier one is left out
    this.taken = null; // when the picture was taken that the server has now
    this.paused = false;
    this.busy = false; // with a picture of the camera: it is being taken, sent or read
    this.owes = false; // an acknowledgement, withheld from the server while nothing is shown
    this.camera = new Camera($("video"), () => this.fail(() => words.camera.unplugged));
    this.overlay = new Overlay($("overlay"));
    this.stats = new Stats($("stats"));
    this.faces = new FaceList({ list: $("faces"), nobody: $("nobody"), note: $("note"), spoken: $("spoken") });
    this.nearest = new Nearest();
    this.dialog = new SettingsDialog($("settings"), $("open-settings"), $("settings-looks"));
    if (REMOTE) {
      tell($("here"), () => words.welcome.overNetwork);
      tell($("foot-here"), () => words.foot.overNetwork);
    }
    tell($("panel-title"), () => (settings.values.nearest ? words.nearestFace : words.facesInView));
    const part = (name) => [name, $(`history-${name}`)];
    this.timeline = new Timeline({
      section: $("history"),
      ...Object.fromEntries(["keep", "sign", "strips", "tools", "back", "ago", "hold", "csv", "json", "forget"].map(part)),
    });
    $("start-camera").addEventListener("click", () => this.start("camera"));
    $("start-sample").addEventListener("click", () => this.start("sample"));
    $("start-configured").addEventListener("click", () => this.start("configured"));
    $("stop").addEventListener("click", () => this.stop());
    $("pause").addEventListener("click", () => this.pauseOrGoOn());
    addEventListener("keydown", (event) => this.obey(event));
    document.addEventListener("visibilitychange", () => this.goOn());
    this.setPaused(false);
    this.setConnected("connecting");
    this.connection = new Connection({
      hello: (message) => this.greet(message),
      analysis: (message) => this.show(message),
      frame: (analysis, jpeg) => this.showFrame(analysis, jpeg),
      waiting: ({ message }) => this.wait(message),
      ended: () => this.end(),
      error: ({ message }) => this.fail(message),
      lost: (code) => this.lose(code),
    });
  }

  greet({ labels, sources, version, mode }) {
    this.labels = labels;
    this.names = Object.fromEntries(sources.map(({ id, name }) => [id, name]));
    this.dialog.setLabels(labels);
    tell($("version"), () => words.version(version));
    $("start-sample").hidden = !this.names.sample;
    $("start-configured").hidden = !this.names.configured;
    tell($("start-configured"), () => words.show(this.names.configured ?? ""));
    this.setConnected("connected");
    if (this.wasLost) this.say(() => words.serverBack, "good");
    this.wasLost = false;
    if (this.mode) this.resume();
    // Who named a source on the command line wants to see it; a camera waits to be asked for.
    else if (!this.begun && mode !== "camera") this.start(mode);
    this.begun = true;
  }

  async start(mode) {
    this.mode = mode;
    if (!this.wasLost) this.say("");
    this.setRunning(true);
    tell($("source"), () => words.starting);
    if (mode !== "camera") return this.resume();
    try {
      await this.camera.open();
    } catch (error) {
      if (!(error instanceof CameraError)) throw error;
      const { kind, message } = error;
      return this.fail(() => (kind === "failed" ? words.camera.failed(message) : words.camera[kind]));
    }
    if (this.mode !== "camera") return this.camera.close(); // stopped meanwhile
    return this.resume();
  }

  // Begins, or begins again after the server was lost.
  resume() {
    const own = this.mode === "camera";
    if (own && !this.camera.stream) return;
    this.turn += 1;
    this.waits = this.busy = this.owes = false;
    this.faces.reset();
    this.nearest.reset();
    this.stats.reset();
    this.timeline.begin();
    const { mode } = this;
    tell($("source"), () => (own ? words.ownCamera : words.showing(this.nameOf(mode))));
    $("video").hidden = !own;
    $("picture").hidden = own;
    $("video").classList.toggle("mirrored", own && this.camera.mirrored);
    if (own) this.setShape($("video").videoWidth, $("video").videoHeight);
    if (this.paused) this.faces.rest();
    else this.overlay.start(this.mirrored);
    if (own) this.sendNext();
    else this.connection.watch(this.mode);
  }

  get mirrored() {
    return this.mode === "camera" && this.camera.mirrored;
  }

  // Nothing is read: the user wants a rest, or looks at another tab.
  get halted() {
    return this.paused || document.hidden;
  }

  obey(event) {
    const { key, repeat, altKey, ctrlKey, metaKey, shiftKey, target } = event;
    if (key !== " " || repeat || altKey || ctrlKey || metaKey || shiftKey) return;
    if (!this.mode || $("settings").open || target.closest?.(USES_SPACE)) return;
    event.preventDefault();
    this.pauseOrGoOn();
  }

  pauseOrGoOn() {
    this.setPaused(!this.paused);
    if (this.paused) {
      this.overlay.stop();
      this.faces.rest();
      this.stats.reset();
    } else {
      this.faces.reset();
      this.overlay.start(this.mirrored);
      this.goOn();
    }
  }

  setPaused(paused) {
    this.paused = paused;
    $("cover").hidden = !paused;
    tell($("pause-word"), () => (paused ? words.goOn : words.pause));
  }

  goOn() {
    if (this.halted) return;
    if (this.mode === "camera") this.sendNext();
    else if (this.owes) this.acknowledge();
  }

  async sendNext() {
    if (this.busy || this.halted || !this.camera.stream) return;
    this.busy = true;
    const turn = this.turn;
    const sent = await this.sendPicture(turn);
    if (!sent && turn === this.turn) this.busy = false;
  }

  async sendPicture(turn) {
    const goes = () => turn === this.turn && !this.halted && this.connection.open;
    await this.camera.nextPicture();
    const picture = goes() && (await this.camera.grab());
    if (!picture || !goes()) return false;
    this.taken = picture.time;
    await this.connection.sendPicture(picture.blob, picture.time);
    return true;
  }

  show(analysis) {
    this.busy = false;
    if (this.mode !== "camera" || this.halted) return;
    this.present(analysis, this.taken);
    this.sendNext();
  }

  async showFrame(analysis, jpeg) {
    const turn = this.turn;
    const bitmap = this.halted ? null : await createImageBitmap(jpeg);
    if (turn !== this.turn) return;
    if (!bitmap || this.halted) {
      bitmap?.close();
      this.owes = true;
      return;
    }
    const picture = $("picture");
    if (picture.width !== bitmap.width || picture.height !== bitmap.height) {
      [picture.width, picture.height] = [bitmap.width, bitmap.height];
      this.setShape(bitmap.width, bitmap.height);
    }
    picture.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
    this.endWait();
    this.present(analysis, null);
    this.acknowledge();
  }

  acknowledge() {
    this.owes = false;
    this.connection.next();
  }

  // The last picture stays, without what was said of its faces: they may have left.
  wait(text) {
    this.waits = true;
    this.overlay.clear();
    this.faces.reset();
    this.stats.reset();
    this.say(text);
  }

  endWait() {
    if (this.waits) this.say("");
    this.waits = false;
  }

  present(analysis, taken) {
    const shown = settings.values.nearest ? this.nearest.only(analysis) : analysis;
    this.overlay.show(shown);
    this.faces.show(shown);
    this.timeline.add(analysis);
    this.stats.add(analysis, taken);
  }

  stop() {
    this.endWait();
    this.connection.stop();
    this.camera.close();
    this.overlay.stop();
    this.faces.reset();
    this.setPaused(false);
    const last = this.mode;
    this.mode = null;
    this.turn += 1;
    this.setRunning(false);
    this.timeline.end();
    ($(`start-${last}`) ?? $("start-camera")).focus();
  }

  end() {
    const { mode } = this;
    this.fail(() => words.ended(this.nameOf(mode)));
  }

  fail(text) {
    if (this.mode) this.stop();
    this.say(text);
  }

  lose(code) {
    this.setConnected("lost");
    if (code === FULL) this.say(() => words.tooManyPages);
    else if (!this.wasLost) this.say(() => (REMOTE ? words.machineLost : words.serverLost));
    this.wasLost = true;
    this.waits = false;
    this.turn += 1;
    this.overlay.stop();
    this.faces.reset();
  }

  nameOf(mode) {
    return mode === "sample" ? words.sample : (this.names[mode] ?? "");
  }

  // Says a text of the server, or what a function makes of the present words; nothing without one.
  say(text, tone = "plain") {
    const message = $("message");
    tell(message, text || (() => ""));
    message.dataset.tone = tone;
    message.hidden = !text;
  }

  setConnected(state) {
    tell($("connection"), () => words[state]);
    $("connection").dataset.state = state;
  }

  setRunning(running) {
    $("welcome").hidden = running;
    $("live").hidden = $("panel").hidden = !running;
    document.body.classList.toggle("running", running);
    if (running) $("pause").focus();
  }

  setShape(width, height) {
    $("layout").style.setProperty("--ratio", width / height);
  }
}

new Page();
