// @ts-check
// What practice says: of a face, of what was left out, and at the end. All is written anew whenever the
// round, the settings or the language change.

import { amongAll, isElse, kindOf, percentSure, shapeElement, shownKind } from "../core/looks.js";
import { nameOf } from "../core/names.js";
import { lookFor, reasonsFor, wordFor } from "../core/sayings.js";
import { settings } from "../core/settings.js";
import { fill, words } from "../core/words.js";
import { $ } from "./dom.js";
import { drawMark } from "./mark.js";

// Covering a part that has nothing to say changes a probability by a few hundredths all the same.
const LEAST_EFFECT = 0.05;
const FEW = 3; // of fewer faces nothing can be said

/**
 * Writes a text where there is one, and hides its place where there is none.
 *
 * @param {import("./dom.js").Name} name
 * @param {string} text
 */
export function put(name, text) {
  const element = /** @type {HTMLElement} */ ($(name));
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !text;
}

export function tellLeftOut({ faceless = 0, unreadable = 0 }) {
  const { practice } = words;
  const texts = [
    faceless && fill(practice.faceless, { count: faceless }),
    unreadable && fill(practice.unreadable, { count: unreadable }),
  ];
  put("left-out", texts.filter(Boolean).join(" "));
}

// Tells of a face with its number, and of the user's guess: null for "not sure", undefined where there is
// none yet. What the face reveals is laid out from the start and only hidden, with the longest of verdicts,
// so that nothing moves later. `statesOf` (drawn/looks.js) says how a part often is, once it is loaded.
export function tellFace({ reading, square, folder, look, rest, atRest }, number, guess, statesOf) {
  const { practice } = words;
  const { issues } = reading.quality;
  const named = settings.names(reading.label);
  $("face").setAttribute("aria-label", fill(practice.picture, { number }));
  put("number", fill(practice.face, { number }));
  $("said").replaceChildren(
    said(kindOf(guess ?? null), practice.you, wordFor(guess ?? null)),
    said(
      shownKind(reading.label),
      practice.mien,
      named ? lookFor(reading.label) : words.unsaid,
      besideOf(reading),
    ),
  );
  put("harder", issues.length ? fill(practice.harder, { reasons: reasonsFor(issues) }) : "");
  put("verdict", verdict(guess, reading.label));
  put("lies", look ? fill(practice.lies, { folder }) : "");
  const explained = named && reading.label !== null;
  const part = explained ? partOf(reading) : undefined;
  put("part", explained ? (part ? practice.part[part.part] : practice.noPart) : "");
  put("often", (part && statesOf && often(reading.label, part.part, statesOf)) || "");
  put("measured", explained ? practice.measured : "");
  $("parts").replaceChildren();
  const shown = part && atRest ? rest.reading.parts.find((other) => other.part === part.part) : part;
  drawMark($("mark"), atRest ? rest.square : square, shown?.region);
}

// Tells how often which look was said; `over` is whether no other face can come.
export function tellSummary(tally, labels, over) {
  const { practice } = words;
  const enough = tally.faces >= FEW;
  const looks = enough ? tally.looks(labels).filter(({ label }) => settings.names(label)) : [];
  const { named, ...same } = tally.folders(labels);
  put("looked", fill(practice.looked, { count: tally.faces }));
  put("agreed", enough ? agreed(tally.same) : "");
  $("looks").hidden = !enough;
  $("looks").replaceChildren(...looks.map(countsOf));
  put("folders", enough && named ? fill(practice.folders, { count: named, ...same }) : "");
  put("all", over ? practice.all : "");
  $("go-on").hidden = over;
}

export function begun(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

// What stands beside the look: that it is something else, or how sure mien is.
function besideOf(reading) {
  const { label, probabilities, reason } = reading;
  if (isElse(reading)) return reasonsFor([reason]);
  if (label === null || !settings.names(label)) return "";
  return fill(words.sure, { percent: percentSure(amongAll(probabilities[label], reading)) });
}

// What to look for in a part: how it often is in faces of that look. Nothing where it is at rest.
function often(label, part, statesOf) {
  const { practice } = words;
  const { name, ...all } = practice.drawn.parts[part];
  const states = statesOf(nameOf(label), part).map((state) => all[state]);
  if (!states.length) return "";
  const joined = states.reduce((one, other) => fill(practice.or, { one, other }));
  return fill(practice.often, { word: wordFor(label), part: name, states: joined });
}

// Which part mattered most to mien; undefined where none did.
function partOf({ parts }) {
  return parts.find(({ effect }) => effect >= LEAST_EFFECT);
}

function verdict(guess, label) {
  const { practice } = words;
  if (!settings.names(label)) return practice.off;
  if (guess === label) return practice.same;
  if (guess === null) return practice.youUnsure;
  return label === null ? practice.mienUnsure : practice.differ;
}

function agreed(count) {
  return count ? fill(words.practice.agreed, { count }) : words.practice.agreedNone;
}

function countsOf({ label, yours, theirs }) {
  const counts = fill(words.practice.counts, { yours: times(yours), miens: times(theirs) });
  return said(kindOf(label), "", begun(wordFor(label)), counts);
}

export function times(count) {
  return fill(words.practice.times, { count });
}

// A look as a line: its shape, who said it, its words, and what else there is to say.
export function said(kind, who, look, more = "") {
  const element = document.createElement("li");
  element.className = "said";
  const span = (name, text) => {
    const part = document.createElement("span");
    [part.className, part.textContent] = [name, text];
    return part;
  };
  element.append(shapeElement(kind));
  if (who) element.append(span("said-who", who));
  element.append(span("said-look", look));
  if (more) element.append(span("said-more", more));
  return element;
}
