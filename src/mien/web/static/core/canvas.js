// @ts-check
// What all canvases need, those of the page and those of a worker.

/**
 * Gives a canvas a size. To set one, even the same, would empty it and allot it anew.
 *
 * @param {HTMLCanvasElement | OffscreenCanvas} canvas
 * @param {number} width
 * @param {number} height
 * @returns {boolean} whether it had another, and so is empty now
 */
export function sizeTo(canvas, width, height) {
  if (canvas.width === width && canvas.height === height) return false;
  [canvas.width, canvas.height] = [width, height];
  return true;
}
