// @ts-check
// Practice with drawn faces: what is asked, shown and said. What is said of a face is what was drawn.

import { kindOf, shownKind } from "../../core/looks.js";
import { lookFor, wordFor } from "../../core/sayings.js";
import { settings } from "../../core/settings.js";
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

  // As of the user's own pictures, all is laid out from the start, and only hidden. Of a look that has been
  // switched off meanwhile nothing is said.
  tell(face, number, guess) {
    const { practice } = words;
    const say = practice.drawn;
    const { look, drawn } = face;
    const named = settings.names(look);
    const parts = named ? partsOf(face.units) : [];
    const strength = !named || look === "neutral" ? "" : say.strengths[STRENGTHS[drawn.strength - 1]];
    put("number", fill(practice.face, { number }));
    $("said").replaceChildren(
      said(kindOf(guess ?? null), practice.you, wordFor(guess ?? null)),
      said(shownKind(look), say.who, named ? lookFor(look) : words.unsaid, strength),
    );
    put("verdict", named ? verdict(guess, look) : practice.off);
    $("parts").replaceChildren(...parts.map(([part, state]) => partLine(face, part, state)));
    put("part", named && !parts.length ? say.atRest : "");
    put("measured", parts.length ? say.press : "");
    put("lies", "");
    put("often", "");
    put("harder", "");
    mark(face);
    $("drawing").setAttribute("aria-label", labelOf(face, number, guess !== undefined && named));
  }

  tellSummary(tally) {
    const { practice } = words;
    put("looked", fill(practice.looked, { count: tally.faces }));
    const lines = tally.looks(Object.keys(WAYS), "look").map(({ label, yours, theirs }) =>
      said(
        kindOf(label),
        "",
        begun(wordFor(label)),
        // Nobody can draw "not sure".
        fill(label === null ? practice.drawn.unsure : practice.drawn.counts, {
          yours: times(yours),
          drawn: times(theirs),
        }),
      ),
    );
    $("looks").hidden = false;
    $("looks").replaceChildren(...lines);
    for (const name of /** @type {const} */ (["agreed", "folders", "all"])) put(name, "");
  }
}

// What a screen reader is told of the drawing: how it looks only once that has been answered.
function labelOf({ look, units, atRest }, number, told) {
  const say = words.practice.drawn;
  const picture = fill(say.picture, { number });
  if (!told) return picture;
  if (atRest) return fill(say.rested, { picture });
  const lines = partsOf(units).map(([part, state]) => partWords(part, state));
  return fill(say.described, { picture, look: lookFor(look), parts: lines.join("; ") || say.atRest });
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
