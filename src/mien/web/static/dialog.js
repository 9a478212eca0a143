// The dialog in which settings are chosen. Each choice applies at once.

import { CHOICES, settings } from "./settings.js";
import { languages, tell, translate, words } from "./words.js";

export class SettingsDialog {
  // `looks` is the place for one checkbox per label; groups are made where index.html names them.
  constructor(dialog, opener, looks) {
    Object.assign(this, { dialog, looks });
    this.inputs = []; // each with a function that says whether it is checked now
    for (const place of dialog.querySelectorAll("[data-choice]")) this.#addGroup(place);
    for (const input of dialog.querySelectorAll("[data-switch]")) {
      const name = input.dataset.switch;
      this.#join(input, () => settings.values[name], (on) => settings.set(name, on));
    }
    translate(dialog);
    opener.addEventListener("click", () => dialog.showModal());
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    dialog.querySelector("[data-reset]").addEventListener("click", () => {
      settings.reset();
      this.#check();
    });
  }

  // Offers the labels that the server's model knows.
  setLabels(labels) {
    this.inputs = this.inputs.filter(({ input }) => !this.looks.contains(input));
    this.looks.replaceChildren(
      ...labels.map((label) => {
        const { element, input, text } = option("checkbox");
        tell(text, () => words.word(label));
        this.#join(input, () => settings.names(label), (on) => settings.setNamed(label, on));
        return element;
      }),
    );
  }

  #addGroup(place) {
    const name = place.dataset.choice;
    const options = document.createElement("div");
    options.className = "options";
    place.append(options);
    for (const choice of CHOICES[name]) {
      const { element, input, text } = option("radio");
      input.name = name;
      if (Object.hasOwn(languages, choice)) {
        text.textContent = languages[choice].language;
        text.lang = choice;
      } else {
        text.dataset.words = `settings.${name}.${choice}`;
      }
      this.#join(input, () => settings.values[name] === choice, () => settings.set(name, choice));
      options.append(element);
    }
  }

  #join(input, isChecked, choose) {
    input.checked = isChecked();
    input.addEventListener("change", () => choose(input.checked));
    this.inputs.push({ input, isChecked });
  }

  #check() {
    for (const { input, isChecked } of this.inputs) input.checked = isChecked();
  }
}

function option(type) {
  const [element, input, text] = ["label", "input", "span"].map((tag) => document.createElement(tag));
  element.className = "option";
  input.type = type;
  element.append(input, text);
  return { element, input, text };
}
