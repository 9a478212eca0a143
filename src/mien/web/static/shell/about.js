// @ts-check
// What the page tells of the model that reads the faces: its name, and on what terms it may be used.

import { fill, tell, words } from "../core/words.js";

export class About {
  // `terms` is a list of descriptions, whose first term is that of the weights.
  constructor({ place, model, terms }) {
    this.place = place;
    this.model = model;
    this.terms = terms;
    this.weights = terms.querySelector("dt");
  }

  /**
   * Shows a model as the server describes it; null hides the part.
   *
   * @param {import("../generated/messages.js").ModelFacts | null} model
   */
  show(model) {
    this.place.hidden = !model;
    if (!model) return;
    tell(this.model, () => fill(words.about.model, { name: model.name, version: model.version }));
    const { weights, data } = model.terms;
    this.terms.replaceChildren(
      this.weights,
      described("dd", weights),
      ...data.flatMap(({ source, terms }) => [described("dt", source), described("dd", terms)]),
    );
  }
}

// A text of the model's maker, in whatever language it is.
function described(tag, text) {
  const element = document.createElement(tag);
  tell(element, text);
  return element;
}
