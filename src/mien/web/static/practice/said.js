// What was said of a face, as a line.

import { shapeElement } from "../core/looks.js";

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

export function begun(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
