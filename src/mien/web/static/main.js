// Joins the parts: buttons, camera, connection, overlay, list.

import { Camera, CameraError } from "./camera.js";
import { Connection } from "./connection.js";
import { FaceList } from "./faces.js";
import { Overlay } from "./overlay.js";
import { Stats } from "./stats.js";
import { words } from "./words.js";

const $ = (id) => document.getElementById(id);

class Page {
  constructor() {
    this.mode = null; // what runs: null, "camera", "sample" or "configured"
    this.names = {};
    this.begun = false;
    this.wasLost = false;
    this.waits = false; // for a source of the server that has broken off
    this.turn = 0; // counts the streams: what belongs to an earlier one is left out
    this.taken = null; // when the picture was taken that the server has now
    this.camera = new Camera($("video"), () => this.fail(words.camera.unplugged));
    this.overlay = new Overlay($("overlay"));
    this.stats = new Stats($("stats"));
    this.faces = new FaceList({ list: $("faces"), nobody: $("nobody"), note: $("note"), spoken: $("spoken") });
    $("start-camera").addEventListener("click", () => this.start("camera"));
    $("start-sample").addEventListener("click", () => this.start("sample"));
    $("start-configured").addEventListener("click", () => this.start("configured"));
    $("stop").addEventListener("click", () => this.stop());
    this.setConnected("connecting");
    this.connection = new Connection({
      hello: (message) => this.greet(message),
      analysis: (message) => this.show(message),
      frame: (analysis, jpeg) => this.showFrame(analysis, jpeg),
      waiting: ({ message }) => this.wait(message),
      ended: () => this.fail(words.ended(this.names[this.mode] ?? "")),
      error: ({ message }) => this.fail(message),
      lost: () => this.lose(),
    });
  }

  greet({ labels, sources, version, mode }) {
    this.labels = labels;
    this.names = Object.fromEntries(sources.map(({ id, name }) => [id, name]));
    $("version").textContent = words.version(version);
    $("start-sample").hidden = !this.names.sample;
    $("start-configured").hidden = !this.names.configured;
    $("start-configured").textContent = words.show(this.names.configured ?? "");
    this.setConnected("connected");
    if (this.wasLost) this.say(words.serverBack, "good");
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
    $("source").textContent = words.starting;
    if (mode !== "camera") return this.resume();
    try {
      await this.camera.open();
    } catch (error) {
      if (!(error instanceof CameraError)) throw error;
      const text = words.camera[error.kind];
      return this.fail(typeof text === "function" ? text(error.message) : text);
    }
    if (this.mode !== "camera") return this.camera.close(); // stopped meanwhile
    return this.resume();
  }

  // Begins, or begins again after the server was lost.
  resume() {
    const own = this.mode === "camera";
    if (own && !this.camera.stream) return;
    this.turn += 1;
    this.waits = false;
    this.faces.reset();
    this.stats.reset();
    $("source").textContent = own ? words.ownCamera : words.showing(this.names[this.mode] ?? "");
    $("video").hidden = !own;
    $("picture").hidden = own;
    $("video").classList.toggle("mirrored", own && this.camera.mirrored);
    if (own) this.setShape($("video").videoWidth, $("video").videoHeight);
    this.overlay.start(own && this.camera.mirrored);
    if (own) this.sendNext();
    else this.connection.watch(this.mode);
  }

  async sendNext() {
    const turn = this.turn;
    await this.camera.nextPicture();
    if (turn !== this.turn || !this.connection.open) return;
    const picture = await this.camera.grab();
    if (!picture || turn !== this.turn) return;
    this.taken = picture.time;
    await this.connection.sendPicture(picture.blob, picture.time);
  }

  show(analysis) {
    if (this.mode !== "camera") return;
    this.present(analysis, this.taken);
    this.sendNext();
  }

  async showFrame(analysis, jpeg) {
    const turn = this.turn;
    const bitmap = await createImageBitmap(jpeg);
    if (turn !== this.turn) return;
    const picture = $("picture");
    if (picture.width !== bitmap.width || picture.height !== bitmap.height) {
      [picture.width, picture.height] = [bitmap.width, bitmap.height];
      this.setShape(bitmap.width, bitmap.height);
    }
    picture.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
    this.endWait();
    this.present(analysis, null);
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
    this.overlay.show(analysis);
    this.faces.show(analysis);
    this.stats.add(analysis, taken);
  }

  stop() {
    this.endWait();
    this.connection.stop();
    this.camera.close();
    this.overlay.stop();
    this.faces.reset();
    const last = this.mode;
    this.mode = null;
    this.turn += 1;
    this.setRunning(false);
    ($(`start-${last}`) ?? $("start-camera")).focus();
  }

  fail(text) {
    if (this.mode) this.stop();
    this.say(text);
  }

  lose() {
    this.setConnected("lost");
    if (!this.wasLost) this.say(words.serverLost);
    this.wasLost = true;
    this.waits = false;
    this.turn += 1;
    this.overlay.stop();
    this.faces.reset();
  }

  say(text, tone = "plain") {
    const message = $("message");
    message.textContent = text;
    message.dataset.tone = tone;
    message.hidden = !text;
  }

  setConnected(state) {
    $("connection").textContent = words[state];
    $("connection").dataset.state = state;
  }

  setRunning(running) {
    $("welcome").hidden = running;
    $("live").hidden = $("panel").hidden = !running;
    document.body.classList.toggle("running", running);
    if (running) $("stop").focus();
  }

  setShape(width, height) {
    $("layout").style.setProperty("--ratio", width / height);
  }
}

new Page();
