// @ts-check
// The words of the page in one language: which one, and where they go.
//
// `words` always is the present language (importers see it change): a file of the folder `words`.
// Elements of index.html name their words by `data-words="welcome.title"`, and a label for screen
// readers by `data-words-label`.

import { languages } from "../generated/languages.js";

const FIRST = "en";
export let words = languages[FIRST];
let plurals = new Intl.PluralRules(FIRST);
const told = new Map(); // elements whose text comes and goes: what it is made by

// Puts values into the places that a text has for them. A text that depends on a number has forms, by the
// plural categories of its language, of which `count` chooses one.
/**
 * @param {import("../generated/languages.js").Text} text
 * @param {Record<string, any>} values
 */
export function fill(text, values) {
  const form = typeof text === "string" ? text : (text[plurals.select(values.count)] ?? text.other);
  return form.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/**
 * Puts `text` into `element`; a function is asked again when the language changes.
 *
 * @param {HTMLElement} element
 * @param {string | (() => string)} text
 */
export function tell(element, text) {
  told.set(element, text);
  // What is no function was said by the server, in English.
  if (typeof text === "function") element.removeAttribute("lang");
  else element.lang = "en";
  write(element, text);
}

// Changes to a language; "auto" means what the browser prefers.
export function speak(language) {
  const name = Object.hasOwn(languages, language) ? language : preferred();
  words = languages[name];
  plurals = new Intl.PluralRules(name);
  document.documentElement.lang = name;
  translate(document);
  for (const [element, text] of told) {
    if (element.isConnected) write(element, text);
    else told.delete(element);
  }
}

export function translate(root) {
  for (const element of root.querySelectorAll("[data-words]")) {
    element.textContent = find(element.dataset.words);
  }
  for (const element of root.querySelectorAll("[data-words-label]")) {
    element.setAttribute("aria-label", find(element.dataset.wordsLabel));
  }
}

function preferred() {
  const names = navigator.languages.map((tag) => tag.split("-")[0].toLowerCase());
  return names.find((name) => Object.hasOwn(languages, name)) ?? FIRST;
}

function find(path) {
  return path.split(".").reduce((place, key) => place[key], words);
}

// Only where the text differs: what is written is read out again by a screen reader.
function write(element, text) {
  const now = typeof text === "function" ? text() : text;
  if (element.textContent !== now) element.textContent = now;
}
