// @ts-check
// The dialog in which settings are chosen. Each choice applies at once.

import { $ } from "../core/dom.js";
import { wordFor } from "../core/sayings.js";
import { CHOICES, settings } from "../core/settings.js";
import { fill, tell, translate, words } from "../core/words.js";
import { languages } from "../generated/languages.js";

export class SettingsDialog {
  // `looks` and `sounds` are the places for one checkbox per label; groups are made where index.html
  // names them.
  constructor(dialog, opener, looks, sounds) {
    this.dialog = dialog;
    this.looks = looks;
    this.sounds = sounds;
    this.inputs = []; // each with a function that shows in it what is chosen now
    for (const place of dialog.querySelectorAll("[data-choice]")) this.#addGroup(place);
    for (const input of dialog.querySelectorAll("[data-switch]")) {
      const name = input.dataset.switch;
      this.#join(
        input,
        () => settings.values[name],
        (on) => settings.set(name, on),
      );
    }
    for (const input of dialog.querySelectorAll("[data-slider]")) this.#addSlider(input);
    translate(dialog);
    settings.onChange(() => {
      for (const { show } of this.inputs) show();
    });
    opener.addEventListener("click", () => dialog.showModal());
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    dialog.querySelector("[data-reset]").addEventListener("click", () => settings.reset());
  }

  // Offers the labels that the server's model knows.
  setLabels(labels) {
    this.#addLabels(this.looks, labels, {
      isOn: (label) => settings.names(label),
      choose: (label, on) => settings.setNamed(label, on),
    });
    this.#addLabels(this.sounds, labels, {
      isOn: (label) => settings.sounds(label),
      choose: (label, on) => settings.setSounds(label, on),
      isFree: (label) => settings.names(label),
    });
  }

  /**
   * Offers the models of which one can be chosen, where there are several.
   *
   * @param {import("../core/talk.js").Offer} offer
   */
  offerModels({ offered, used, coming, failed }) {
    const [place, said] = [$("models"), $("models-said")];
    $("settings-models").hidden = offered.length < 2;
    this.inputs = this.inputs.filter(({ input }) => !place.contains(input));
    const focused = place.contains(document.activeElement) ? coming || used : null;
    place.replaceChildren();
    for (const { name, labels } of offered) {
      const { element, input, text } = option("radio");
      input.name = "model";
      tell(text, () => fill(words.settings.models.looks, { name, looks: labels.map(wordFor).join(", ") }));
      this.#join(
        input,
        () => name === (coming || used),
        () => settings.set("model", name),
      );
      place.append(element);
      if (name === focused) input.focus();
    }
    tell(said, () => {
      const { models } = words.settings;
      return fill(coming ? models.coming : failed ? models.failed : "", { name: coming || failed });
    });
  }

  /**
   * @param {HTMLElement} place
   * @param {string[]} labels
   * @param {{ isOn: (label: string) => boolean, choose: (label: string, on: boolean) => void, isFree?: (label: string) => boolean }} how
   */
  #addLabels(place, labels, { isOn, choose, isFree = () => true }) {
    this.inputs = this.inputs.filter(({ input }) => !place.contains(input));
    place.replaceChildren(
      ...labels.map((label) => {
        const { element, input, text } = option("checkbox");
        tell(text, () => wordFor(label));
        this.#join(
          input,
          () => isOn(label),
          (on) => choose(label, on),
          () => isFree(label),
        );
        return element;
      }),
    );
  }

  #addGroup(place) {
    const name = place.dataset.choice;
    const options = document.createElement("div");
    options.className = "options";
    place.insertBefore(options, place.querySelector("[role=status]"));
    for (const choice of CHOICES[name]) {
      const { element, input, text } = option("radio");
      input.name = name;
      if (Object.hasOwn(languages, choice)) {
        text.textContent = languages[choice].language;
        text.lang = choice;
      } else {
        text.dataset.words = `settings.${name}.${choice}`;
      }
      this.#join(
        input,
        () => settings.values[name] === choice,
        () => settings.set(name, choice),
      );
      options.append(element);
    }
  }

  // A percentage, said beside the slider and to a screen reader.
  #addSlider(input) {
    const name = input.dataset.slider;
    const output = this.dialog.querySelector(`output[for=${input.id}]`);
    const show = () => {
      input.value = settings.values[name];
      output.textContent = fill(words.percent, { percent: settings.values[name] });
      input.setAttribute("aria-valuetext", output.textContent);
    };
    show();
    input.addEventListener("input", () => settings.set(name, Number(input.value)));
    this.inputs.push({ input, show });
  }

  #join(input, isChecked, choose, isFree = () => true) {
    const show = () => {
      input.checked = isChecked();
      input.disabled = !isFree();
    };
    show();
    input.addEventListener("change", () => choose(input.checked));
    this.inputs.push({ input, show });
  }
}

function option(type) {
  const element = document.createElement("label");
  const input = document.createElement("input");
  const text = document.createElement("span");
  element.className = "option";
  input.type = type;
  element.append(input, text);
  return { element, input, text };
}
