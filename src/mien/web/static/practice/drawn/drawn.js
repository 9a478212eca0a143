// @ts-check
// Practice with drawn faces: what is asked, shown and said. What is said of a face is what was drawn.

import { kindOf } from "../../core/looks.js";
import { lookFor, wordFor } from "../../core/sayings.js";
import { fill, words } from "../../core/words.js";
import { $ } from "../dom.js";
import { drawMark } from "../mark.js";
import { begun, put, said, times } from "../telling.js";
import { Course } from "./course.js";
import { Drawing } from "./drawing.js";
import { SQUARE } from "./face.js";
import { partsOf, REGIONS, unitsOf, WAYS } from "./looks.js";
import { PEOPLE } from "./people.js";

const STRENGTHS = ["slight", "clear", "strong"];

export class DrawnFaces {
  drawing = new Drawing($("drawing"));
  course = new Course();
  leftOut = {};
  over = false;

  // `looks` gives those that are practised now.
  constructor(looks) {
    this.looks = looks;
  }

  get answers() {
    return this.looks();
  }

  async next() {
    const drawn = this.course.next(this.looks());
    const units = unitsOf(WAYS[drawn.look][drawn.way], drawn.strength);
    return { drawn, units, look: drawn.look, rest: true, part: null, close() {} };
  }

  cancel() {}

  close() {}

  show({ drawn, units }) {
    $("face").toggleAttribute("hidden", true);
    $("drawing").toggleAttribute("hidden", false);
    this.drawing.show(PEOPLE[drawn.person], units);
  }

  turn(_, atRest) {
    this.drawing.turn(atRest);
  }

  // Takes an answer, and returns what there is to remember of it.
  learn({ drawn: { person, look, strength } }, answer) {
    this.course.learn(look, answer === look);
    return { faces: "drawn", person: person + 1, look, strength, answer, mien: null };
  }

  // As of the user's own pictures, all is laid out from the start, and only hidden.
  tell(face, number, guess) {
    const { practice } = words;
    const { look, drawn, atRest } = face;
    const say = practice.drawn;
    const strength = look === "neutral" ? "" : say.strengths[STRENGTHS[drawn.strength - 1]];
    put("number", fill(practice.face, { number }));
    $("said").replaceChildren(
      said(kindOf(guess ?? null), practice.you, wordFor(guess ?? null)),
      said(kindOf(look), say.who, lookFor(look), strength),
    );
    put("verdict", verdict(guess, look));
    const parts = partsOf(face.units);
    $("parts").replaceChildren(...parts.map(([part, state]) => partLine(face, part, state)));
    put("part", parts.length ? "" : say.atRest);
    put("measured", parts.length ? say.press : "");
    for (const name of ["lies", "harder"]) put(/** @type {import("../dom.js").Name} */ (name), "");
    mark(face);
    const name = fill(say.picture, { number });
    const lines = parts.map(([part, state]) => partWords(part, state)).join("; ");
    const facts = { picture: name, look: lookFor(atRest ? "neutral" : look), parts: lines || say.atRest };
    const open = guess !== undefined;
    $("drawing").setAttribute("aria-label", open ? fill(atRest ? say.rested : say.described, facts) : name);
  }

  tellSummary(tally) {
    const { practice } = words;
    put("looked", fill(practice.looked, { count: tally.faces }));
    const lines = tally
      .looks(Object.keys(WAYS), "look")
      .map(({ label, yours, theirs }) =>
        said(
          kindOf(label),
          "",
          begun(wordFor(label)),
          fill(practice.drawn.counts, { yours: times(yours), drawn: times(theirs) }),
        ),
      );
    $("looks").hidden = false;
    $("looks").replaceChildren(...lines);
    for (const name of ["agreed", "folders", "all"]) put(/** @type {import("../dom.js").Name} */ (name), "");
  }
}

function partWords(part, state) {
  const say = words.practice.drawn;
  return fill(say.line, { part: say.parts[part].name, state: say.parts[part][state] });
}

// A part and how it is; it is marked in the drawing while it is pressed.
function partLine(face, part, state) {
  const [item, button] = [document.createElement("li"), document.createElement("button")];
  button.type = "button";
  button.className = "button small part";
  button.textContent = partWords(part, state);
  button.setAttribute("aria-pressed", String(face.part === part));
  button.addEventListener("click", () => {
    face.part = face.part === part ? null : part;
    for (const other of $("parts").querySelectorAll("button")) {
      other.setAttribute("aria-pressed", String(other === button && face.part === part));
    }
    mark(face);
  });
  item.append(button);
  return item;
}

function mark({ part }) {
  drawMark($("mark"), SQUARE, part && REGIONS[part]);
}

function verdict(guess, look) {
  const { practice } = words;
  if (guess === look) return practice.drawn.same;
  return guess === null ? practice.youUnsure : practice.drawn.differ;
}
