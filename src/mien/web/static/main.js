// @ts-check
// Joins the parts: the views, the connection, what it brings, and the buttons of the first view.

import { $ } from "./core/dom.js";
import { makeEngine, PLACE } from "./core/engines.js";
import { learnLabels } from "./core/looks.js";
import { keepOffline, SITE } from "./core/offline.js";
import { saidBy } from "./core/sayings.js";
import { settings } from "./core/settings.js";
import { fill, tell, words } from "./core/words.js";
import { Files } from "./live/files.js";
import { Live } from "./live/live.js";
import { CameraShow } from "./live/shows/camera.js";
import { Feed } from "./live/shows/feed.js";
import { ServedShow } from "./live/shows/served.js";
import { WindowShow } from "./live/shows/window.js";
import { Stage } from "./live/stage.js";
import { Tools } from "./live/tools.js";
import { Practice } from "./practice/practice.js";
import { About } from "./shell/about.js";
import { SettingsDialog } from "./shell/dialog.js";
import { Status } from "./shell/status.js";
import { Views } from "./shell/views.js";
import { Voice } from "./sound/voice.js";

const SERVED = /** @type {const} */ (["sample", "configured"]);

const WHERE = /** @type {const} */ ({ machine: "here", network: "overNetwork", browser: "inBrowser" });

const NEEDS_ENGINE = /** @type {const} */ ([
  ...["start-camera", "start-window", "start-sample", "choose-file", "start-file"],
  ...["practice-pictures", "practice-folder", "practice-moments", "kept-practise"],
]);

class Page {
  constructor() {
    this.greeted = false;
    this.views = new Views();
    this.status = new Status($("message"), $("connection"), PLACE);
    this.about = new About({ place: $("about"), model: $("about-model"), terms: $("about-terms") });
    this.dialog = new SettingsDialog(
      $("settings"),
      $("open-settings"),
      $("settings-looks"),
      $("settings-sounds"),
    );
    const [more, problem, trial, tried] = [
      $("sound-more"),
      $("sound-problem"),
      $("sound-trial"),
      $("sound-tried"),
    ];
    this.voice = new Voice({ more, problem, trial, tried });
    this.connection = this.#connect();
    this.live = this.#makeLive();
    const { picture } = this.live.stage;
    this.served = SERVED.map((id) => new ServedShow(this.live, picture, this.connection, id));
    this.practice = new Practice(this.connection, this.views, () => $("start-practice").focus());
    this.#offer();
    tellWhereItReads();
    $("not-begun").remove();
  }

  #connect() {
    return makeEngine({
      hello: (message) => this.#greet(message),
      analysis: (message) => this.live.show?.take(message),
      frame: (analysis, picture) => this.live.show?.takeFrame(analysis, picture),
      waiting: ({ message, told }) => this.live.show?.wait(saidBy(message, told)),
      ended: () => this.live.end(),
      error: ({ message, told }) => this.live.fail(failureOf(message, told)),
      lost: (code) => this.#lose(code),
      models: (offer) => this.dialog.offerModels(offer),
      adapting: (message) => this.live.stage.door.teaching?.progress(message),
      adapted: (message) => this.live.stage.door.teaching?.finish(message),
      unadapted: (message) => this.live.stage.door.teaching?.fail(message),
      bundle: (archive) => this.live.stage.door.teaching?.take(archive),
    });
  }

  #makeLive() {
    const { status, connection, views } = this;
    const stage = new Stage(this.voice, () => this.live.togglePause());
    stage.usual.ask = (id, learn) => connection.usual(id, learn);
    stage.door.engine = connection;
    const feed = new Feed(stage.video, connection, () => !this.live.halted);
    return new Live({
      ...{ stage, status, connection, feed },
      onStart: () => {
        this.practice.close();
        views.show("live");
      },
      onStop: () => views.show("welcome"),
    });
  }

  // The buttons by which a show, or practice, begins.
  #offer() {
    const { live, connection } = this;
    const { stage, feed } = live;
    const own = [new CameraShow(live, stage.video, feed), new WindowShow(live, stage.video, feed)];
    for (const show of [...own, ...this.served]) {
      show.button().addEventListener("click", () => live.start(show));
    }
    new Files(live, connection, feed, () => $("settings").open || this.views.open === "practice");
    stage.marking.onMark = (word) => {
      connection.send({ type: "mark", word });
      return connection.open;
    };
    new Tools();
    tellOfNotice();
    $("stop").addEventListener("click", () => live.stop());
    $("pause").addEventListener("click", () => live.togglePause());
    $("start-practice").addEventListener("click", () => this.#practise(() => this.practice.begin()));
    $("kept-practise").addEventListener("click", () => this.#practise(() => this.practice.beginMoments()));
    $("keep").addEventListener("click", () => live.show && this.practice.kept.keep(live.show.element));
  }

  /** @param {import("./generated/messages.js").Hello} hello */
  #greet(hello) {
    const { labels, sources, version, mode, model, markers, streams } = hello;
    learnLabels(labels);
    for (const part of [this.dialog, this.voice]) part.setLabels(labels);
    this.practice.greet(labels);
    this.about.show(model);
    this.live.stage.usual.offer({ offered: Boolean(model?.usual) });
    this.live.stage.door.greet(hello);
    tellWhereItGoes(Boolean(streams));
    this.#tellVersion(version);
    for (const show of this.served) {
      const source = sources.find(({ id }) => id === show.id);
      show.source = saidBy(source?.name ?? "", source?.told);
      show.button().hidden = !source;
      if (show.id === "configured") tell(show.button(), () => fill(words.show, { name: show.name }));
    }
    this.status.greet();
    const { usual } = this.live.stage;
    const { busy } = usual;
    if (this.greeted) this.live.lose(); // what is on its way is of another server, or model
    this.live.greet();
    this.live.stage.marking.greet(Boolean(markers));
    if (busy) usual.end();
    // Who named a source on the command line wants to see it; a camera waits to be asked for.
    const named = this.served.find(({ id }) => id === mode);
    if (named && !this.greeted && this.views.open === "welcome") this.live.start(named);
    this.greeted = true;
  }

  #tellVersion(mien) {
    const version = SITE ? `${mien} (${SITE})` : mien;
    tell($("version"), () => fill(words.version, { version }));
    // What it keeps is fetched after what it needs at once.
    keepOffline(() => tell($("version"), () => `${words.offline} ${fill(words.version, { version })}`));
  }

  #practise(begin) {
    this.live.stop();
    this.status.clear();
    begin();
  }

  #lose(code) {
    if (this.connection.gone) this.#giveUp();
    this.status.lose(code);
    this.live.lose();
    this.live.stage.door.teaching?.lose();
  }

  // Nothing can be read any more: what would need it is not offered.
  #giveUp() {
    this.live.stop();
    for (const id of NEEDS_ENGINE) $(id).disabled = true;
  }
}

/**
 * What a browser says of itself is in its own words: they are said to be the reason.
 *
 * @param {string} reason
 * @param {import("./generated/messages.js").Sentence | undefined} told
 */
function failureOf(reason, told) {
  return PLACE === "browser" ? () => fill(words.engineFailed, { reason }) : saidBy(reason, told);
}

// Once in each browser, and in nobody's way: who reads others is asked to tell them.
function tellOfNotice() {
  $("notice").hidden = settings.values.noticed;
  $("notice-seen").addEventListener("click", () => {
    settings.set("noticed", true);
    $("notice").hidden = true;
    $("start-camera").focus();
  });
}

// What is read may be sent on, and then it must not be said that nothing leaves.
function tellWhereItGoes(streams) {
  tellWhereItReads();
  if (!streams) return;
  tell($("here"), () => words.welcome.streams);
  tell($("foot-here"), () => words.foot.streams);
}

function tellWhereItReads() {
  const key = WHERE[PLACE];
  tell($("here"), () => words.welcome[key]);
  tell($("foot-here"), () => words.foot[key]);
  tell($("practice-here"), () => words.practice[key]);
}

new Page();
