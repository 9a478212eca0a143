// Joins the parts: buttons, camera, connection, overlay, list.

import { About } from "./core/about.js";
import { Camera, CameraError } from "./live/shows/camera.js";
import { CameraChoice } from "./live/shows/cameras.js";
import { Connection } from "./core/connection.js";
import { SettingsDialog } from "./core/dialog.js";
import { Drop } from "./live/drop.js";
import { FaceList } from "./live/faces.js";
import { Feed } from "./live/shows/feed.js";
import { Film } from "./live/shows/film.js";
import { learnLabels } from "./core/looks.js";
import { Nearest } from "./live/nearest.js";
import { Overlay } from "./live/overlay.js";
import { isPicture } from "./core/pictures.js";
import { Practice } from "./practice/practice.js";
import { settings } from "./core/settings.js";
import { Stats } from "./live/stats.js";
import { Still } from "./live/shows/still.js";
import { Timeline } from "./live/timeline.js";
import { Voice } from "./core/voice.js";
import { tell, words } from "./core/words.js";

const $ = (id) => document.getElementById(id);
// Only a page on another device comes by https: it must not say that all stays on one machine.
const REMOTE = location.protocol === "https:";
const FULL = 1013; // the code of a connection that was closed because too many pages are open
const SENT = ["camera", "film"]; // what the page sends picture by picture
const USES_SPACE = "button, input, select, textarea, summary, dialog";

class Page {
  constructor() {
    this.mode = null; // what is shown: null, "camera", "film", "picture", or a source of the server
    this.names = {};
    this.file = null; // which the user opened last
    this.begun = false;
    this.wasLost = false;
    this.waits = false; // for a source of the server that has broken off
    this.turn = 0; // counts the streams: what belongs to an earlier one is left out
    this.paused = false;
    this.owes = false; // an acknowledgement, withheld from the server while nothing is shown
    this.joined = false; // what is shown belongs to a stream that the server knows
    this.camera = new Camera($("video"), {
      onGone: () => this.fail(() => words.camera.unplugged),
      onDark: (dark) => this.darken(dark),
    });
    this.cameras = new CameraChoice($("camera-choice"), $("camera"), (id) => this.choose(id));
    this.overlay = new Overlay($("overlay"));
    this.stats = new Stats($("stats"));
    const sound = (name) => [name, $(`sound-${name}`)];
    this.voice = new Voice(Object.fromEntries(["more", "problem", "trial", "tried"].map(sound)));
    this.faces = new FaceList({
      list: $("faces"), nobody: $("nobody"), note: $("note"), spoken: $("spoken"), voice: this.voice,
    });
    this.nearest = new Nearest();
    this.about = new About({ place: $("about"), model: $("about-model"), terms: $("about-terms") });
    this.dialog = new SettingsDialog($("settings"), $("open-settings"), $("settings-looks"), $("settings-sounds"));
    if (REMOTE) {
      tell($("here"), () => words.welcome.overNetwork);
      tell($("foot-here"), () => words.foot.overNetwork);
      tell($("practice-here"), () => words.practice.overNetwork);
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
    $("start-file").addEventListener("click", () => this.open(this.file));
    $("stop").addEventListener("click", () => this.stop());
    $("pause").addEventListener("click", () => this.pauseOrGoOn());
    $("start-practice").addEventListener("click", () => this.practise());
    $("kept-practise").addEventListener("click", () => this.practise());
    $("keep").addEventListener("click", () => this.practice.kept.keep($($("picture").hidden ? "video" : "picture")));
    addEventListener("keydown", (event) => this.obey(event));
    document.addEventListener("visibilitychange", () => {
      this.restFilm();
      this.goOn();
    });
    new Drop(
      { button: $("choose-file"), input: $("file"), sign: $("drop") },
      { open: (file) => this.open(file), busy: () => $("settings").open || this.practice.open },
    );
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
    this.feed = new Feed($("video"), this.connection, () => this.sends && !this.halted);
    this.film = new Film($("video"), $("place"), { onEnd: () => this.end(), onJump: () => this.jump() });
    this.still = new Still($("picture"), this.connection, (analysis) => this.showFaces(analysis, false));
    this.opens = { camera: this.camera, film: this.film, picture: this.still }; // what the page opens itself
    this.setPaused(false);
    this.practice = new Practice(this.connection, () => $("start-practice").focus());
  }

  greet({ labels, sources, version, mode, model }) {
    this.names = Object.fromEntries(sources.map(({ id, name }) => [id, name]));
    learnLabels(labels);
    this.dialog.setLabels(labels);
    this.voice.setLabels(labels);
    this.practice.greet(labels);
    this.about.show(model);
    tell($("version"), () => words.version(version));
    $("start-sample").hidden = !this.names.sample;
    $("start-configured").hidden = !this.names.configured;
    tell($("start-configured"), () => words.show(this.names.configured ?? ""));
    this.setConnected("connected");
    if (this.wasLost) this.say(() => words.serverBack, "good");
    this.wasLost = false;
    if (this.mode) this.resume();
    // Who named a source on the command line wants to see it; a camera waits to be asked for.
    else if (!this.begun && mode !== "camera" && !this.practice.open) this.start(mode);
    this.begun = true;
  }

  practise() {
    if (this.mode) this.stop();
    if (!this.wasLost) this.say("");
    this.practice.show();
  }

  // Shows a file: a picture or a video, as its kind says or, where that says nothing, as it turns out.
  async open(file) {
    const isFilm = file.type ? file.type.startsWith("video/") : !(await isPicture(file));
    if (this.mode) this.stop();
    this.file = file;
    $("start-file").hidden = true;
    tell($("start-file"), () => words.show(file.name));
    return this.start(isFilm ? "film" : "picture");
  }

  start(mode) {
    this.mode = mode;
    if (!this.wasLost) this.say("");
    this.setRunning(true);
    if (mode === "camera") return this.openCamera();
    return this.own ? this.openFile() : this.resume();
  }

  async openFile() {
    const { mode, file } = this;
    tell($("source"), () => words.starting);
    this.showCover();
    try {
      if (!(await this.opens[mode].open(file))) return;
    } catch {
      return this.fail(() => words.file.unknown(file.name));
    }
    $("start-file").hidden = false;
    this.restFilm(); // it may have been paused, or out of sight, while it was opened
    return this.resume();
  }

  // Opens the camera, for the first time or again. Whatever is asked for meanwhile comes first.
  // Where it cannot be opened, the one with the id `before` is, if there was one.
  async openCamera(before = null) {
    tell($("source"), () => words.starting);
    this.showCover();
    this.faces.reset();
    try {
      if (await this.camera.open()) this.showCamera();
    } catch (error) {
      if (!(error instanceof CameraError)) throw error;
      const { kind, message } = error;
      if (!before) return this.fail(() => (kind === "failed" ? words.camera.failed(message) : words.camera[kind]));
      this.setCamera(before);
      this.say(() => words.camera.kept);
      return this.openCamera();
    }
  }

  showCamera() {
    this.cameras.show(this.camera.id);
    if (!this.joined) return this.resume();
    tell($("source"), () => words.ownCamera);
    this.showCover();
    this.faces.reset();
    this.setShape($("video").videoWidth, $("video").videoHeight);
    this.overlay.start(this.mirrored);
    this.feed.send();
  }

  // Changes to another camera, whose people are counted anew.
  choose(id) {
    const before = this.camera.id;
    this.setCamera(id);
    if (!this.wasLost) this.say("");
    this.connection.stop();
    this.joined = false;
    this.turn += 1;
    this.feed.begin();
    if (this.paused) return;
    this.overlay.stop();
    this.openCamera(before);
  }

  setCamera(id) {
    this.camera.id = id;
    this.cameras.mark(id);
    settings.set("camera", id);
  }

  // The camera is open, but gives no picture: what was said of the last one is taken back.
  darken(dark) {
    tell($("dark"), () => (dark ? words.camera.dark : ""));
    $("dark").hidden = !dark;
    if (!dark) return;
    this.overlay.clear();
    this.faces.reset();
  }

  // Begins, or begins again after the server was lost.
  resume() {
    const { mode } = this;
    this.joined = this.isOpen;
    if (!this.joined) return this.paused && this.faces.rest();
    this.turn += 1;
    this.showCover();
    this.waits = this.owes = false;
    this.feed.begin();
    this.faces.reset();
    this.nearest.reset();
    this.stats.reset();
    tell($("source"), () => (mode === "camera" ? words.ownCamera : words.showing(this.nameOf(mode))));
    $("video").hidden = !this.sends;
    $("picture").hidden = this.sends;
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

  // Whether the page itself opens what is shown, and not the server.
  get own() {
    return Object.hasOwn(this.opens, this.mode);
  }

  // Whether there is something to see.
  get isOpen() {
    return !this.own || this.opens[this.mode].isOpen;
  }

  // Whether the page sends it picture by picture.
  get sends() {
    return SENT.includes(this.mode);
  }

  get mirrored() {
    return this.mode === "camera" && this.camera.mirrored;
  }

  // Nothing is read: the user wants a rest or looks at another tab, or there is nothing to see yet.
  get halted() {
    return this.paused || document.hidden || !this.isOpen || this.film.jumping;
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
    this.restFilm();
    if (this.paused) {
      this.overlay.stop();
      this.faces.rest();
      this.stats.reset();
      if (this.mode === "camera") this.restCamera();
    } else if (this.mode === "camera") {
      this.openCamera();
    } else {
      this.faces.reset();
      this.overlay.start(this.mirrored);
      this.goOn();
    }
  }

  setPaused(paused) {
    this.paused = paused;
    this.showCover();
    $("keep").disabled = paused; // what is hidden is not kept
    tell($("pause-word"), () => (paused ? words.goOn : words.pause));
  }

  // Over the picture, while there is none to see.
  showCover() {
    $("cover").hidden = !this.paused && this.isOpen;
    $("cover").classList.toggle("opens", !this.paused);
    tell($("cover-word"), () => (this.paused ? words.paused : words.starting));
  }

  // So that its light goes out.
  restCamera() {
    this.camera.rest();
    tell($("source"), () => words.camera.off);
  }

  restFilm() {
    this.film.setPaused(this.paused || document.hidden);
  }

  goOn() {
    if (this.halted) return;
    if (this.sends) this.feed.send();
    else if (this.owes) this.acknowledge();
  }

  show(analysis) {
    const taken = this.feed.answered();
    if (!this.sends || this.halted) return;
    // What was seen before a pause is no longer there.
    if (taken >= this.camera.since) this.present(analysis, taken);
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

  // `moves` is whether looks may change, and so last.
  showFaces(analysis, moves = true) {
    const shown = settings.values.nearest ? this.nearest.only(analysis) : analysis;
    this.overlay.show(shown);
    this.faces.show(shown, moves);
  }

  stop() {
    this.endWait();
    this.connection.stop();
    this.camera.close();
    this.film.close();
    this.still.close();
    this.cameras.hide();
    this.joined = false;
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

  lose(code) {
    this.setConnected("lost");
    if (code === FULL) this.say(() => words.tooManyPages);
    else if (!this.wasLost) this.say(() => (REMOTE ? words.machineLost : words.serverLost));
    this.wasLost = true;
    this.waits = false;
    this.turn += 1;
    this.feed.begin();
    this.still.rest();
    this.overlay.stop();
    this.faces.reset();
  }

  nameOf(mode) {
    if (mode === "film" || mode === "picture") return this.file.name;
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
    if (running) this.practice.close();
    $("welcome").hidden = running;
    $("live").hidden = $("panel").hidden = !running;
    document.body.classList.toggle("running", running);
    if (!running) return;
    const still = this.mode === "picture";
    $("pause").hidden = $("keep").hidden = still;
    tell($("stop"), () => (still ? words.settings.close : words.stop));
    $(still ? "stop" : "pause").focus();
  }

  setShape(width, height) {
    $("layout").style.setProperty("--ratio", width / height);
  }
}

new Page();
