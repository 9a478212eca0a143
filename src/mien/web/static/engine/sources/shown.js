// @ts-check
// From what a browser shows to pixels.

/** @type {OffscreenCanvasRenderingContext2D | null} */
let drawn = null;

/**
 * @param {import("../worker.js").Shown} shown is closed
 * @returns {import("../types.js").Picture}
 */
export function toPixels({ picture, width, height }) {
  if (picture instanceof ImageData) return picture;
  const context = sized(width, height);
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  return context.getImageData(0, 0, width, height);
}

/**
 * @param {number} width
 * @param {number} height
 */
function sized(width, height) {
  drawn ??= contextOf(width, height);
  const { canvas } = drawn;
  // To set a size, even the same, empties a canvas and allots it anew.
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  return drawn;
}

/**
 * A canvas whose pixels are read.
 *
 * @param {number} width
 * @param {number} height
 */
export function contextOf(width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  return /** @type {OffscreenCanvasRenderingContext2D} */ (context);
}
