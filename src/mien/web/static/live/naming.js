// @ts-check
// The person's name in the list: a button, and where it is pressed a field for the name and a colour.

import { COLOURS, people } from "../core/people.js";
import { personFor } from "../core/sayings.js";
import { fill, words } from "../core/words.js";

/**
 * @param {number} number
 * @returns {{ element: HTMLElement, tell: () => void }} `tell` writes the present name and words
 */
export function naming(number) {
  const element = document.createElement("span");
  element.className = "person";
  const button = Object.assign(document.createElement("button"), { type: "button", className: "naming" });
  element.append(button);
  const tell = () => {
    button.textContent = personFor(number);
    button.title = fill(words.naming.give, { person: fill(words.person, { number }) });
    element.dataset.colour = people.colour(number);
  };
  button.addEventListener("click", () => {
    const form = makeForm(number, () => {
      form.replaceWith(button);
      tell();
      button.focus();
    });
    button.replaceWith(form);
    form.querySelector("input")?.select();
    form.querySelector("input")?.focus();
  });
  tell();
  return { element, tell };
}

/**
 * @param {number} number
 * @param {() => void} close
 */
function makeForm(number, close) {
  const form = document.createElement("form");
  const name = Object.assign(document.createElement("input"), {
    value: people.name(number),
    maxLength: 24,
    autocomplete: "off",
    placeholder: words.naming.name,
  });
  name.setAttribute("aria-label", fill(words.naming.give, { person: fill(words.person, { number }) }));
  const colours = document.createElement("span");
  colours.className = "colours";
  colours.setAttribute("role", "group");
  colours.setAttribute("aria-label", words.naming.colour);
  let colour = people.colour(number);
  const marks = COLOURS.map((one) => {
    const mark = Object.assign(document.createElement("button"), { type: "button", className: "swatch" });
    mark.dataset.colour = one;
    mark.setAttribute("aria-label", words.naming.colours[one]);
    mark.addEventListener("click", () => {
      colour = one;
      show();
    });
    return mark;
  });
  const show = () => {
    for (const mark of marks) mark.setAttribute("aria-pressed", String(mark.dataset.colour === colour));
  };
  show();
  const done = Object.assign(document.createElement("button"), {
    className: "button small",
    textContent: words.naming.done,
  });
  colours.append(...marks);
  form.append(name, colours, done);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    people.give(number, { name: name.value, colour });
    close();
  });
  form.addEventListener("keydown", (event) => {
    event.stopPropagation(); // Space is a letter here, and no pause
    if (event.key === "Escape") close();
  });
  return form;
}
