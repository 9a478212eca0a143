// @ts-check
// The record of practice on the page: asked for, looked at, saved and deleted.

import { download } from "../core/csv.js";
import { wordFor } from "../core/sayings.js";
import { fill, words } from "../core/words.js";
import { $ } from "./dom.js";
import { Record, toCsv } from "./record.js";
import { put } from "./telling.js";

const SHOWN = 200; // answers that are listed; all are in the CSV
const STRENGTHS = ["slight", "clear", "strong"];

export class RecordView {
  record = new Record();
  failed = false; // whether the browser let nothing be kept

  constructor() {
    $("record-keep").addEventListener("click", () => this.#setKeeping(!this.record.on));
    $("record-csv").addEventListener("click", () =>
      download("mien-practice", "csv", "text/csv", toCsv(this.record.answers)),
    );
    $("record-delete").addEventListener("click", () => this.#ask(true));
    $("record-spare").addEventListener("click", () => this.#ask(false));
    $("record-sure").addEventListener("click", () => this.#forget());
    $("record-list").addEventListener("toggle", () => this.#list());
    addEventListener("storage", () => this.write()); // another tab
  }

  write() {
    const { on, answers } = this.record;
    const say = words.practice.record;
    const sittings = new Set(answers.map(({ sitting }) => sitting)).size;
    const kept = fill(say.kept, { count: answers.length, sittings: fill(say.sittings, { count: sittings }) });
    $("record-keep").textContent = on ? say.stop : say.start;
    put("record-sign", this.failed ? say.failed : on ? say.on : say.off);
    put("record-kept", answers.length ? kept : "");
    $("record-tools").hidden = $("record-list").hidden = !answers.length;
    this.#list();
  }

  #setKeeping(on) {
    this.failed = false;
    if (on) this.failed = !this.record.start();
    else this.record.stop();
    this.write();
    $("spoken").textContent = $("record-sign").textContent;
  }

  // Whether to delete is asked once more: it may be the work of weeks.
  #ask(open) {
    $("record-ask").hidden = !open;
    $("record-delete").hidden = open;
    (open ? $("record-spare") : $("record-delete")).focus();
  }

  #forget() {
    this.record.forget();
    this.#ask(false);
    this.write();
    $("spoken").textContent = words.practice.record.deleted;
    $("record-keep").focus();
  }

  // The newest sitting first, in each the first answer first.
  #list() {
    if (!$("record-list").open) return;
    /** @type {Map<string, import("./record.js").Answer[]>} */
    const sittings = new Map();
    for (const answer of this.record.answers.slice(-SHOWN)) {
      sittings.set(answer.sitting, [...(sittings.get(answer.sitting) ?? []), answer]);
    }
    $("record-sittings").replaceChildren(...[...sittings].reverse().map(sittingElement));
    put(
      "record-older",
      this.record.answers.length > SHOWN ? fill(words.practice.record.older, { count: SHOWN }) : "",
    );
  }
}

function sittingElement([sitting, answers]) {
  const [section, title, list] = ["section", "h4", "ol"].map((tag) => document.createElement(tag));
  const { lang } = document.documentElement;
  title.textContent = new Date(sitting).toLocaleString(lang, { dateStyle: "long", timeStyle: "short" });
  list.append(
    ...answers.map((answer) => {
      const item = document.createElement("li");
      item.textContent = lineOf(answer);
      return item;
    }),
  );
  section.append(title, list);
  return section;
}

/** @param {import("./record.js").Answer} answer */
function lineOf({ faces, look, strength, answer, mien }) {
  const say = words.practice.record;
  const you = wordFor(answer);
  if (faces === "pictures") return fill(say.picture, { you, mien: wordFor(mien) });
  const strong = look !== "neutral" && strength && words.practice.drawn.strengths[STRENGTHS[strength - 1]];
  const shown = wordFor(look);
  return strong
    ? fill(say.drawn, { you, look: shown, strength: strong })
    : fill(say.neutral, { you, look: shown });
}
