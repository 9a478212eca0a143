// @ts-check
// The shapes of what travels between the parts of the engine.

/**
 * A picture as a canvas gives it: four bytes a pixel, red, green, blue, and one that is ignored.
 *
 * @typedef {object} Picture
 * @property {Uint8ClampedArray | Uint8Array} data
 * @property {number} width
 * @property {number} height
 *
 * A gray picture: one byte a pixel.
 *
 * @typedef {object} Plane
 * @property {Uint8Array} data
 * @property {number} width
 * @property {number} height
 *
 * @typedef {[number, number]} Point
 *
 * @typedef {[number, number, number, number]} Box x1, y1, x2, y2 in pixels
 *
 * @typedef {object} Face
 * @property {Box} box
 * @property {number} score the detector's confidence, 0 to 1
 * @property {Point[] | null} landmarks the eye on the picture's left, that on its right, tip of the
 *   nose, corner of the mouth on the left, that on the right; in single precision
 *
 * @typedef {((picture: Picture) => Promise<Face[]>) & { faceSide: number }} Detector
 *
 * What a network wants to see, as `input` of a bundle's model.json says it.
 *
 * @typedef {object} InputSpec
 * @property {number} size side of the square crop in pixels
 * @property {number} channels 1 for gray, 3 for RGB
 * @property {number} crop_scale side of the crop over that of the box
 * @property {string} alignment "eyes" turns the crop so that the eyes are level; "none" leaves it
 *
 * Takes so many faces, one after the other; gives a row of probabilities for each.
 *
 * @typedef {(crops: Uint8Array, count: number) => Promise<Float32Array>} Classifier
 */

export {};
