// @ts-check
// Draws a face from its action units (see looks.js): the content of an SVG that shows SQUARE.

import { bothSides, curve, line, lines, oval } from "./curves.js";
import { brows, EYE_X, eyes, forehead } from "./eyes.js";
import { HAIR } from "./hair.js";
import { glasses, head, shoulders } from "./head.js";
import { corner, mouth } from "./mouth.js";

/** @typedef {import("./people.js").Person} Person */
/** @typedef {import("./looks.js").Amount} Amount */
/** @typedef {import("./curves.js").Point} Point */

/**
 * What is seen: the left, the top, the side.
 *
 * @type {[number, number, number]}
 */
export const SQUARE = [-160, 42, 320];

/**
 * @param {Person} person
 * @param {import("./looks.js").Units} units
 * @param {string} id a beginning for the names that it needs in the document
 */
export function drawFace(person, units, id) {
  /** @type {import("./looks.js").Amount} how much of an action unit */
  const u = (number) => units[`AU${number}`] ?? 0;
  const [behind, before] = HAIR[person.style](person);
  return [
    behind,
    shoulders(person),
    head(person, u, id),
    cheeks(person, u),
    nose(person, u),
    mouth(person, u),
    eyes(person, u, id),
    forehead(person, u),
    before,
    brows(person, u),
    person.glasses ? glasses(person) : "",
  ].join("");
}

/**
 * What the cheeks do: folds from the nose to the mouth, beside and below the eyes.
 *
 * @param {Person} person
 * @param {Amount} u
 */
function cheeks({ line: dark, nose: wide, lips: [, , half], age, eye: { w } }, u) {
  const [x, y] = corner(half, u);
  const lift = 4 * u(9) + 3 * u(10);
  const fold = bent([wide + 3, 242 - lift], [x + 10, y + 4], 5 + 3 * u(12));
  const shown = Math.max(0.32 * age, 0.6 * u(12), 0.7 * u(10), 0.6 * u(9), 0.3 * u(15));
  const out = EYE_X + w;
  const feet = [
    `${out + 5} 195, ${out + 14} 190`,
    `${out + 6} 201, ${out + 16} 202`,
    `${out + 5} 207, ${out + 14} 213`,
  ];
  const beside = Math.max(0.4 * age, 0.75 * u(6));
  const low = 214 - 2.5 * u(6) - 2 * u(7);
  const below = `${EYE_X - w + 5} ${low + 1}, ${EYE_X - 2} ${low + 5}, ${EYE_X + w - 5} ${low + 1}`;
  const apple = `${EYE_X - 6} ${232 - 3 * u(6)}, ${EYE_X + 14} ${236 - 4 * u(6)}, ${EYE_X + 32} ${228 - 4 * u(6)}`;
  return (
    lines(fold, dark, 2.6, shown) +
    feet.map((one) => lines(one, dark, 1.8, beside)).join("") +
    lines(below, dark, 2, Math.max(0.14 + 0.26 * age, 0.6 * u(6), 0.5 * u(7), 0.5 * u(9))) +
    lines(apple, dark, 2, 0.35 * u(6))
  );
}

/**
 * A line that bends outward, away from the middle of the face.
 *
 * @param {Point} from
 * @param {Point} to
 * @param {number} bend how far
 * @returns {Point[]}
 */
function bent(from, to, bend) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const share = bend / Math.hypot(dx, dy);
  const at = (t) => /** @type {Point} */ ([from[0] + t * dx + share * dy, from[1] + t * dy - share * dx]);
  return [from, at(0.33), at(0.67), to];
}

/**
 * @param {Person} person
 * @param {Amount} u
 */
function nose({ line: dark, nose: wide }, u) {
  const up = 5 * u(9) + 1.5 * u(10);
  const wing = `${wide - 4} ${235 - up}, ${wide + 1 + u(9)} ${243 - up}, ${wide - 2} ${251 - up}, ${wide - 9} ${251 - up / 2}`;
  const tip = bothSides(`0 ${257 - up / 2}, 5 ${255.5 - up / 2}, ${wide - 9} ${251 - up / 2}`);
  const wrinkles = ["6 194, 10 197, 13 203", "6 204, 10 207, 14 213"];
  return (
    line(curve("-10 190, -8 210, -11 230"), dark, 2.4, 0.28) +
    lines(wing, dark, 2.4, 0.6) +
    line(curve(tip), dark, 2.4, 0.6) +
    oval([-9, 250.5 - up / 2], 4.2, 2.3, dark, 0.75) +
    oval([9, 250.5 - up / 2], 4.2, 2.3, dark, 0.75) +
    wrinkles.map((one) => lines(one, dark, 2, 0.6 * u(9))).join("") +
    line(curve("-8 188, 0 185, 8 188"), dark, 2.2, 0.7 * u(9))
  );
}
