// Joins the parts: buttons, camera, connection, overlay, list.

import { Camera, CameraError } from "./camera.js";
import { Connection } from "./connection.js";
import { SettingsDialog } from "./dialog.js";
import { Drop } from "./drop.js";
import { FaceList } from "./faces.js";
import { Feed } from "./feed.js";
import { Film } from "./film.js";
import { Nearest } from "./nearest.js";
import { Overlay } from "./overlay.js";
import { settings } from "./settings.js";
import { Stats } from "./stats.js";
import { isPicture, Still } from "./still.js";
import { Timeline } from "./timeline.js";
import { tell, words } from "./words.js";

const $ = (id) => document.getElementById(id);
const PAGE_SHOWS = ["camera", "film", "picture"];
const STREAMS = ["camera", "film"]; // of these, what the page sends picture by picture
const USES_SPACE = "button, input, select, textarea, summary, dialog";

class Page {
  constructor() {
    this.mode = null; // what is shown: null, or one of PAGE_SHOWS or the server's sources
    this.names = {};
    this.file = null; // which the user opened last
    this.started = null; // what was started last, until it is stopped
    this.ready = false; // what the page itself shows is open
    this.begun = false;
    this.wasLost = false;
    this.waits = false; // for a source of the server that has broken off
    this.turn = 0; // counts the streams: what belongs to an earlier one is left out
    this.paused = false;
    this.owes = false; // an acknowledgement, withheld from the server while nothing is shown
    this.camera = new Camera($("video"), () => this.fail(() => words.camera.unplugged));
    this.overlay = new Overlay($("overlay"));
    this.stats = new Stats($("stats"));
    this.faces = new FaceList({ list: $("faces"), nobody: $("nobody"), note: $("note"), spoken: $("spoken") });
    this.nearest = new Nearest();
    this.dialog = new SettingsDialog($("settings"), $("open-settings"), $("settings-looks"));
    tell($("panel-title"), () => (settings.values.nearest ? words.nearestFace : words.facesInView));
    const part = (name) => [name, $(`history-${name}`)];
    this.timeline = new Timeline({
      section: $("history"),
      ...Object.fromEntries(["keep", "sign", "strips", "tools", "back", "ago", "hold", "csv", "json", "forget"].map(part)),
    });
    $("start-camera").addEventListener("click", () => this.start("camera"));
    $("start-sample").addEventListener("click", () => this.start("sample"));
    $("start-configured").addEventListener("click", () => this.start("configured"));
    $("start-file").addEventListener("click", () => this.open(this.file));
    $("stop").addEventListener("click", () => this.stop());
    $("pause").addEventListener("click", () => this.pauseOrGoOn());
    addEventListener("keydown", (event) => this.obey(event));
    document.addEventListener("visibilitychange", () => {
      this.film.setPaused(this.halted);
      this.goOn();
    });
    new Drop(
      { button: $("choose-file"), input: $("file"), sign: $("drop") },
      { open: (file) => this.open(file), busy: () => $("settings").open },
    );
    this.setPaused(false);
    this.setConnected("connecting");
    this.connection = new Connection({
      hello: (message) => this.greet(message),
      analysis: (message) => this.show(message),
      frame: (analysis, jpeg) => this.showFrame(analysis, jpeg),
      waiting: ({ message }) => this.wait(message),
      ended: () => this.end(),
      error: ({ message }) => this.fail(message),
      lost: () => this.lose(),
    });
    this.feed = new Feed($("video"), this.connection, () => this.sends && !this.halted && !this.film.jumping);
    this.film = new Film($("video"), $("place"), { onEnd: () => this.end(), onJump: () => this.jump() });
    this.still = new Still($("picture"), this.connection, (analysis) => this.showFaces(analysis));
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

  // Shows a file: a picture or a video, as its kind says or, where that says nothing, as it turns out.
  async open(file) {
    if (this.mode) this.stop();
    this.file = file;
    $("start-file").hidden = true;
    tell($("start-file"), () => words.show(file.name));
    const isFilm = file.type ? file.type.startsWith("video/") : !(await isPicture(file));
    return this.start(isFilm ? "film" : "picture");
  }

  async start(mode) {
    const start = (this.started = {});
    this.mode = mode;
    if (!this.wasLost) this.say("");
    this.setRunning(true);
    tell($("source"), () => words.starting);
    try {
      if (mode === "camera") await this.camera.open();
      else if (mode === "film") await this.film.start(this.file);
      else if (mode === "picture") await this.still.open(this.file);
    } catch (error) {
      if (start === this.started) this.fail(() => this.whyNot(mode, error));
      return;
    }
    if (start === this.started) {
      this.ready = true;
      if (mode !== "camera") $("start-file").hidden = !this.file;
      this.resume();
    } else if (mode === "camera" && this.mode !== mode) {
      this.camera.close(); // stopped meanwhile
    }
  }

  whyNot(mode, error) {
    if (mode !== "camera") return words.file.unknown(this.file.name);
    if (!(error instanceof CameraError)) return words.camera.failed(error.message);
    return error.kind === "failed" ? words.camera.failed(error.message) : words.camera[error.kind];
  }

  // Begins, or begins again after the server was lost.
  resume() {
    const { mode } = this;
    if (this.own && !this.ready) return;
    this.turn += 1;
    this.waits = this.owes = false;
    this.feed.begin();
    this.faces.reset();
    this.nearest.reset();
    this.stats.reset();
    tell($("source"), () => (mode === "camera" ? words.ownCamera : words.showing(this.nameOf(mode))));
    $("video").hidden = !this.sends;
    $("picture").hidden = this.sends;
    $("pause").hidden = mode === "picture";
    tell($("stop"), () => (mode === "picture" ? words.settings.close : words.stop));
    $("video").classList.toggle("mirrored", this.mirrored);
    if (this.sends) this.setShape($("video").videoWidth, $("video").videoHeight);
    if (mode === "picture") this.setShape($("picture").width, $("picture").height);
    else this.timeline.begin();
    if (this.paused) this.faces.rest();
    else this.overlay.start(this.mirrored);
    if (this.sends) this.feed.send();
    else if (mode === "picture") this.still.read();
    else this.connection.watch(mode);
  }

  // Another place of the video is shown: whoever is there now is not whoever was there before.
  jump() {
    this.connection.stop();
    this.resume();
  }

  // Whether the page itself shows it, and not the server.
  get own() {
    return PAGE_SHOWS.includes(this.mode);
  }

  // Whether the page sends it picture by picture.
  get sends() {
    return STREAMS.includes(this.mode);
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
    if (!this.mode || this.mode === "picture" || $("settings").open || target.closest?.(USES_SPACE)) return;
    event.preventDefault();
    this.pauseOrGoOn();
  }

  pauseOrGoOn() {
    this.setPaused(!this.paused);
    this.film.setPaused(this.halted);
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
    if (this.sends) this.feed.send();
    else if (this.owes) this.acknowledge();
  }

  show(analysis) {
    const taken = this.feed.answered();
    if (!this.sends || this.halted) return;
    this.present(analysis, taken);
    this.feed.send();
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
    this.showFaces(analysis);
    this.timeline.add(analysis);
    this.stats.add(analysis, taken);
  }

  showFaces(analysis) {
    const shown = settings.values.nearest ? this.nearest.only(analysis) : analysis;
    this.overlay.show(shown);
    this.faces.show(shown);
  }

  stop() {
    this.endWait();
    this.started = null;
    this.ready = false;
    this.connection.stop();
    this.camera.close();
    this.film.close();
    this.still.close();
    this.overlay.stop();
    this.faces.reset();
    this.setPaused(false);
    const { mode } = this;
    this.mode = null;
    this.turn += 1;
    this.feed.begin();
    this.setRunning(false);
    this.timeline.end();
    this.buttonOf(mode).focus();
  }

  // The button that shows it again.
  buttonOf(mode) {
    if (mode !== "film" && mode !== "picture") return $(`start-${mode}`);
    return $("start-file").hidden ? $("choose-file") : $("start-file");
  }

  end() {
    const { mode } = this;
    this.fail(() => words.ended(this.nameOf(mode)));
  }

  fail(text) {
    if (this.mode) this.stop();
    this.say(text);
  }

  lose() {
    this.setConnected("lost");
    if (!this.wasLost) this.say(() => words.serverLost);
    this.wasLost = true;
    this.waits = false;
    this.turn += 1;
    this.feed.begin();
    this.still.close();
    this.overlay.stop();
    this.faces.reset();
  }

  nameOf(mode) {
    if (PAGE_SHOWS.includes(mode)) return this.file.name;
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
    if (running) $(this.mode === "picture" ? "stop" : "pause").focus();
  }

  setShape(width, height) {
    $("layout").style.setProperty("--ratio", width / height);
  }
}

new Page();
