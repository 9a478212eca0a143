// @ts-check
// What the user has chosen. It stays in this browser, and the style sees it as attributes of <html>.

import { languages } from "../generated/languages.js";
import { speak } from "./words.js";

const KEY = "mien";

// What can be chosen, in the order in which it is offered.
export const CHOICES = {
  language: ["auto", ...Object.keys(languages)],
  text: ["normal", "large", "larger"],
  theme: ["system", "light", "dark", "contrast"],
  motion: ["system", "less"],
  show: ["both", "words", "icons"],
  sound: ["off", "tone", "words"],
  pace: ["slow", "usual", "quick"],
};
const FIRST = {
  language: "auto",
  text: "normal",
  theme: "system",
  motion: "system",
  show: "both",
  sound: "off",
  pace: "usual",
  nearest: false,
  sure: false,
  hidden: false, // whether the picture is not shown
  markerKey: true, // whether the key M sets a marker: who dictates may not want that
  noticed: false, // whether it was seen that others have to be told
  /** Labels that are not named. */
  off: /** @type {string[]} */ ([]),
  /** Labels that make no sound, of those that are named. */
  mute: /** @type {string[]} */ ([]),
  volume: 50, // percent
  camera: "", // the id of the one that was chosen
  model: "", // the name of the one that was chosen, where there are several
};
const SYSTEM = {
  dark: matchMedia("(prefers-color-scheme: dark)"),
  contrast: matchMedia("(prefers-contrast: more)"),
  calm: matchMedia("(prefers-reduced-motion: reduce)"),
};

class Settings {
  constructor() {
    this.values = checked(load());
    this.listeners = [];
    for (const query of Object.values(SYSTEM)) query.addEventListener("change", () => this.#apply());
    // Another tab of this browser has stored a choice; a key of null is all that was stored.
    addEventListener("storage", ({ key }) => {
      if (key !== KEY && key !== null) return;
      this.values = checked(load());
      this.#apply();
    });
    this.#apply();
  }

  // Calls `listener` after each change.
  onChange(listener) {
    this.listeners.push(listener);
  }

  get theme() {
    if (this.values.theme !== "system") return this.values.theme;
    if (SYSTEM.contrast.matches) return "contrast";
    return SYSTEM.dark.matches ? "dark" : "light";
  }

  get calm() {
    return this.values.motion === "less" || SYSTEM.calm.matches;
  }

  // What a label means, so that "happy" switches "happiness" off, too; known once the looks are.
  /** @type {(label: string) => string} */
  meaning = (label) => label;

  // Whether this look is named; "not sure" always is.
  names(label) {
    return label === null || !this.#lists("off", label);
  }

  // Whether this look makes a sound, where sounds are on.
  sounds(label) {
    return this.names(label) && !this.#lists("mute", label);
  }

  set(name, value) {
    this.values = checked({ ...this.values, [name]: value });
    save(this.values);
    this.#apply();
  }

  setNamed(label, named) {
    this.#setListed("off", label, !named);
  }

  setSounds(label, sounds) {
    this.#setListed("mute", label, !sounds);
  }

  reset() {
    this.values = checked({});
    save(null);
    this.#apply();
  }

  #lists(name, label) {
    return this.values[name].some((other) => this.meaning(other) === this.meaning(label));
  }

  #setListed(name, label, listed) {
    const others = this.values[name].filter((other) => this.meaning(other) !== this.meaning(label));
    this.set(name, listed ? [...others, label] : others);
  }

  #apply() {
    const { text, show, nearest, hidden } = this.values;
    Object.assign(document.documentElement.dataset, {
      theme: this.theme,
      motion: this.calm ? "less" : "usual",
      text,
      show,
      nearest: nearest ? "on" : "off",
      picture: hidden ? "hidden" : "shown",
    });
    speak(this.values.language);
    for (const listener of this.listeners) listener();
  }
}

// Storage may be blocked, and may hold anything: whatever is no choice of ours is as at first.
function load() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") ?? {};
  } catch {
    return {};
  }
}

function save(values) {
  try {
    if (values) localStorage.setItem(KEY, JSON.stringify(values));
    else localStorage.removeItem(KEY);
  } catch {
    // The choice then lasts until the page is closed.
  }
}

function checked(values) {
  const result = { ...FIRST };
  for (const [name, choices] of Object.entries(CHOICES)) {
    if (choices.includes(values[name])) result[name] = values[name];
  }
  for (const name of ["nearest", "sure", "hidden", "noticed", "markerKey"]) {
    if (typeof values[name] === "boolean") result[name] = values[name];
  }
  for (const name of ["off", "mute"]) {
    if (Array.isArray(values[name])) result[name] = values[name].filter((label) => typeof label === "string");
  }
  for (const name of ["camera", "model"]) {
    if (typeof values[name] === "string") result[name] = values[name];
  }
  if (values.volume >= 10 && values.volume <= 100) result.volume = Number(values.volume);
  return result;
}

export const settings = new Settings();
