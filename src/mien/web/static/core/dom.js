// @ts-check
// The elements of index.html.

/** @typedef {import("../generated/elements.js").Elements} Elements */

/**
 * The element with an id.
 *
 * @template {keyof Elements} Id
 * @param {Id} id
 * @returns {Elements[Id]}
 */
export function $(id) {
  return /** @type {any} */ (document.getElementById(id));
}

/**
 * What one draws with on a canvas.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [options]
 */
export function contextOf(canvas, options) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", options));
}
