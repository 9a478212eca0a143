// @ts-check
// The twin of mien/models/decision.py, which says why: the one decision, a word or "not sure".
// As there, what comes in single precision is reckoned in single precision, and what in double, in
// double, because a face on the edge must not get a word from one engine and none from the other.

/** @typedef {Float32Array | Float64Array} Numbers */

/** @type {"something else"} */
export const SOMETHING_ELSE = "something else";
const UNSURE = /** @type {const} */ ("not sure enough");
// A sum of fewer than so many is taken one by one, of more in so many lanes, as numpy does.
const LANES = 8;

/**
 * Rounds as numbers of a kind are kept.
 *
 * @param {Numbers} kind
 * @returns {(value: number) => number}
 */
function rounding(kind) {
  return kind instanceof Float32Array ? Math.fround : (value) => value;
}

/**
 * The sum of at most 128 numbers, to the last bit as numpy gives it.
 *
 * @param {Numbers} values
 */
export function sum(values) {
  const round = rounding(values);
  const add = (a, b) => round(a + b);
  const whole = values.length - (values.length % LANES);
  let total = 0;
  if (whole) {
    const lanes = values.slice(0, LANES);
    for (let i = LANES; i < whole; i++) lanes[i % LANES] += values[i];
    const [a, b, c, d, e, f, g, h] = lanes;
    total = add(add(add(a, b), add(c, d)), add(add(e, f), add(g, h)));
  }
  for (let i = whole; i < values.length; i++) total = add(total, values[i]);
  return total;
}

/**
 * Parts a classifier's answers into what is read among the labels, and something else.
 *
 * @template {Numbers} Kind
 * @param {Kind} outcomes of the labels, with something else last where there is that; they sum to one
 * @param {boolean} other whether there is that last one
 * @returns {{ probabilities: Kind, other: number }} of the labels, given that the face shows one of
 *   them (where nothing is left of them, all alike); and that it shows none
 */
export function split(outcomes, other) {
  if (!other) return { probabilities: outcomes, other: 0 };
  const labels = outcomes.subarray(0, -1);
  const total = sum(labels);
  const share = (value) => (total > 0 ? value / total : 1 / labels.length);
  return { probabilities: /** @type {Kind} */ (labels.map(share)), other: outcomes[labels.length] };
}

/**
 * The probability that the most probable label is right.
 *
 * @param {Numbers} probabilities of the labels, given that the face shows one of them
 * @param {number} other probability that it shows none of them
 */
function certainty(probabilities, other) {
  const round = rounding(probabilities);
  return round(Math.max(...probabilities) * round(1 - other));
}

/**
 * How probable a label must be to be given as a word.
 *
 * @param {Numbers} kind what is compared with it
 * @param {number} other probability that the face shows none of the labels
 * @param {number} notSureBelow the bundle's
 */
export function needed(kind, other, notSureBelow) {
  return Math.max(other, rounding(kind)(notSureBelow));
}

/**
 * Decides whether to give the most probable label as a word.
 *
 * @param {Numbers} probabilities of the labels, given that the face shows one of them
 * @param {number} other probability that it shows none of them
 * @param {number} notSureBelow the bundle's
 */
export function isSure(probabilities, other, notSureBelow) {
  return certainty(probabilities, other) >= needed(probabilities, other, notSureBelow);
}

/**
 * Says why there is no word for a face: is it more probably something else than any label?
 *
 * @param {Numbers} probabilities of the labels, given that the face shows one of them
 * @param {number} other probability that it shows none of them
 */
export function doubt(probabilities, other) {
  return other > certainty(probabilities, other) ? SOMETHING_ELSE : UNSURE;
}
