// @ts-check
// The elements of index.html whose ids begin with "practice-".

/**
 * @typedef {import("../core/dom.js").Elements} Elements
 * @typedef {keyof Elements extends infer Id ? Id extends `practice-${infer Name}` ? Name : never : never} Name
 */

/**
 * @template {Name} N
 * @param {N} name
 * @returns {Elements[`practice-${N}`]}
 */
export function $(name) {
  return /** @type {any} */ (document.getElementById(`practice-${name}`));
}
