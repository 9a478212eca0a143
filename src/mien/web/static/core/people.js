// @ts-check
// The names and colours that people in view have been given: in this page's memory, until another stream
// counts its people anew or the page is closed.

export const COLOURS = ["none", "red", "yellow", "green", "blue", "violet"];
const LONGEST = 24; // letters of a name

/** @typedef {{ name: string, colour: string }} Given */

class People {
  /** @type {Map<number, Given>} */
  #given = new Map();
  /** @type {(() => void)[]} */
  #listeners = [];

  // Calls `listener` after each change.
  /** @param {() => void} listener */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  /** @param {number} number */
  name(number) {
    return this.#given.get(number)?.name ?? "";
  }

  /** @param {number} number */
  colour(number) {
    return this.#given.get(number)?.colour ?? COLOURS[0];
  }

  /**
   * @param {number} number
   * @param {Given} given
   */
  give(number, { name, colour }) {
    const short = name.trim().replace(/\s+/g, " ").slice(0, LONGEST);
    if (short || colour !== COLOURS[0]) this.#given.set(number, { name: short, colour });
    else this.#given.delete(number);
    this.#tell();
  }

  forget() {
    this.#given.clear();
    this.#tell();
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}

export const people = new People();
