// The words of the page in one language: which one, and where they go.
//
// `words` always is the present language (importers see it change). Elements of index.html name their
// words by `data-words="welcome.title"`, and a label for screen readers by `data-words-label`.

import { words as de } from "../words/de.js";
import { words as en } from "../words/en.js";

export const languages = { en, de };
export let words = en;
const told = new Map(); // elements whose text comes and goes: what it is made by

// Puts `text` into `element`; a function is asked again when the language changes.
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
  return names.find((name) => Object.hasOwn(languages, name)) ?? "en";
}

function find(path) {
  return path.split(".").reduce((place, key) => place[key], words);
}

// Only where the text differs: what is written is read out again by a screen reader.
function write(element, text) {
  const now = typeof text === "function" ? text() : text;
  if (element.textContent !== now) element.textContent = now;
}
