// @ts-check
// Eyes and brows, and the lines of the forehead.

import { area, bothSides, curve, line, lines, oval, pair } from "./curves.js";

/** @typedef {import("./people.js").Person} Person */
/** @typedef {import("./looks.js").Amount} Amount */
/** @typedef {import("./curves.js").Point} Point */

export const EYE_X = 42;
const EYE_Y = 202;
const WHITE = "#fbf8f3";
const LASHES = "#2a1712";

export function eyes(person, u, id) {
  const { line: dark, iris, eye } = person;
  const { w, open, tilt, fold, lash } = eye;
  const lift = 8.4 * open + 6.5 * u(5) - 1.2 * u(7) - 1.2 * u(6) - 6 * u(43);
  const inner = lift - 3.4 * u(4) * (1 - u(1)) + 1.5 * u(1) - u(9);
  const outer = lift - 3.6 * Math.min(u(1), u(4) + u(43)) * (u(5) ? 0.2 : 1);
  const depth = 6 * open - 3.4 * u(7) - 4.6 * u(6) - 2.6 * u(9) + 0.8 * u(5);
  const [left, right] = [EYE_X - w, EYE_X + w];
  const [near, far] = [EYE_Y + 2.4, EYE_Y + 1 - tilt + 3.4 * Math.min(1, u(1) * u(43) * 2) * 0.6];
  /** @type {(gap: number) => string} */
  const upper = (gap) =>
    `M${left} ${near - 0.4 * gap}C${left + 10} ${EYE_Y - inner * 1.36 - gap} ${right - 12} ${EYE_Y - tilt - outer * 1.36 - gap} ${right} ${far - 0.5 * gap}`;
  const lower = `C${right - 9} ${EYE_Y + depth * 1.36 - 1} ${left + 13} ${EYE_Y + depth * 1.36 + 1} ${left} ${near}`;
  const crease = 5.2 - 2 * u(5) + 2.4 * u(43);
  const look = EYE_Y - 1.4 + 2.6 * u(64);
  const one = [
    `<clipPath id="${id}-eye"><path d="${upper(0)}${lower}Z"/></clipPath>`,
    area(`${upper(-1)}${lower}Z`, WHITE),
    `<g clip-path="url(#${id}-eye)">`,
    oval([EYE_X, look], 10, 10, iris),
    oval([EYE_X, look], 10, 10, "#000000", 0.12),
    oval([EYE_X, look], 8.2, 8.2, iris),
    oval([EYE_X, look], 4.6, 4.6, "#15100e"),
    line(upper(-2.5), dark, 5, 0.22),
    "</g>",
    line(`M${right} ${far}${lower}`, dark, 1.5, 0.6),
    line(upper(0), LASHES, 3 + 0.6 * lash, 0.92),
    lash ? line(`M${right - 2} ${far - 1}q4 -1.5 6 -5`, LASHES, 2.4, lash) : "",
    line(upper(crease), dark, 1.9, 0.6 * fold),
  ].join("");
  const glints = [-1, 1]
    .map((side) => oval([side * EYE_X + 3, look - 3.4], 2.1, 2.1, "#ffffff", 0.9))
    .join("");
  return `<g id="${id}-one">${one}</g><use href="#${id}-one" transform="scale(-1 1)"/>${glints}`;
}

/**
 * Lines of the forehead, and between the brows.
 *
 * @param {Person} person
 * @param {Amount} u
 */
export function forehead({ line: dark, age }, u) {
  const both = Math.min(u(1), u(2));
  const lift = 6 * u(1);
  const rows = [146, 134].map((y) => y - lift);
  return (
    rows
      .map((y) =>
        line(
          curve(bothSides(`0 ${y}, 26 ${y - 1}, 52 ${y + 4}`)),
          dark,
          2.1,
          Math.max(0.26 * age, 0.6 * both),
        ),
      )
      .join("") +
    rows
      .map((y) =>
        line(curve(bothSides(`0 ${y - 2}, 12 ${y - 1}, 26 ${y + 4}`)), dark, 2.1, 0.6 * u(1) * (1 - u(2))),
      )
      .join("") +
    lines(
      `6 ${184 - 12 * u(1)}, 4.5 ${172 - 12 * u(1)}, 6.5 ${160 - 10 * u(1)}`,
      dark,
      2.5,
      Math.max(0.18 * age, 0.8 * u(4)),
    )
  );
}

/**
 * @param {Person} person
 * @param {Amount} u
 */
export function brows({ hair, brow, brows: { thick, arch } }, u) {
  const down = u(4) * (1 - 0.85 * u(1));
  const x = 17 - 6 * u(4);
  const rows = [
    [x, 169.5 - 14 * u(1) + 15 * down + 5 * u(9) - u(6), 0.36],
    [x + 7, 168 - 12 * u(1) - 2 * u(2) + 14 * down + 5 * u(9) - u(6), 0.5],
    [37, 165.5 - arch / 2 - 5 * u(1) - 9 * u(2) + 10.5 * down + 4 * u(9), 0.52],
    [55, 166 - arch + 1.5 * u(1) - 14 * u(2) + 3.5 * u(4) + u(6), 0.4],
    [71, 174.5 + 3 * u(1) - 13 * u(2) + u(4) + u(6), 0.08],
  ];
  const over = rows.map(([px, py, share]) => /** @type {Point} */ ([px, py - share * thick]));
  const under = rows.map(([px, py, share]) => /** @type {Point} */ ([px, py + share * thick]));
  const shape = [...over, ...under.reverse()];
  return area(pair(shape), brow ?? hair);
}
