// @ts-check
// The mouth, and what it does to the skin around it.

import { area, bothSides, curve, line, lines, oval } from "./curves.js";

/** @typedef {import("./people.js").Person} Person */
/** @typedef {import("./looks.js").Amount} Amount */
/** @typedef {import("./curves.js").Point} Point */

const MOUTH_Y = 289;
const TEETH = "#f7f2e9";
const INSIDE = "#4b1d1f";

/** @returns {Point} */
export function corner(half, u) {
  return [
    half + 10 * u(12) + u(15) + 10 * u(20) - 3 * u(23) - 2 * u(24) - 8 * u(26) * (1 - u(20)),
    MOUTH_Y - 0.8 - 13 * u(12) + 10 * u(15) + 3 * u(20) + 5 * u(26),
  ];
}

/**
 * @param {Person} person
 * @param {Amount} u
 */
export function mouth({ line: dark, lip, lips: [high, deep, half], beard }, u) {
  const [x, y] = corner(half, u);
  const gap = (8 + 5 * u(12)) * u(25) + 26 * u(26);
  const thin = Math.max(
    0.15,
    1 - 0.35 * u(23) - 0.6 * u(24) - 0.25 * u(12) - 0.2 * u(20) - 0.2 * u(17) - 0.15 * u(15),
  );
  const middle = MOUTH_Y + 2.5 * u(12) - 2 * u(15) - 3.5 * u(17);
  const top = middle - 0.3 * gap - 5 * u(10) - 2 * u(9);
  const bottom = Math.max(top, middle + 0.7 * gap + 4 * u(16) - 3 * u(10) * (u(25) ? 0 : 1));
  const [upper, lower] = [high * thin, deep * thin * (1 + 0.25 * u(17))];
  // A lip's edge: as far as `share` from the middle to the corner; square where the lip is pulled up.
  const edge = (centre, bend) => (share) => centre + (y - centre) * share ** bend;
  const above = edge(top, 2 + 1.2 * u(10));
  const under = edge(bottom, 2.1 + 0.5 * u(26) + 0.8 * u(16));
  const along = (at) => bothSides([0, 0.3, 0.6, 0.85, 1].map((share) => [share * x, at(share)]));
  const peak = Math.min(9, 0.28 * x);
  const outline = bothSides(
    `0 ${top - upper + 2.4 * thin}, ${peak} ${above(0.25) - upper}, ${0.62 * x} ${above(0.62) - 0.62 * upper}, ${x} ${y}`,
  );
  const below = bothSides(
    `0 ${bottom + lower}, ${0.32 * x} ${under(0.32) + 0.93 * lower}, ${0.68 * x} ${under(0.68) + 0.6 * lower}, ${x} ${y}`,
  );
  const upperLip = curve([...outline, ...along(above).reverse()], true);
  const lowerLip = curve([...below, ...along(under).reverse()], true);
  const opening = curve([...along(above), ...along(under).reverse().slice(1, -1)], true);
  const open = bottom - top;
  return (
    (beard ? moustache(x, y, top - upper, beard) : "") +
    (open > 1 ? area(opening, INSIDE) + teeth(x, above, under, open, u) : "") +
    area(upperLip, lip) +
    area(upperLip, dark, 0.2) +
    area(lowerLip, lip) +
    oval([-4, bottom + 0.5 * lower], 0.3 * x, 0.2 * lower, "#ffffff", 0.22) +
    line(curve(along(above)), dark, 2.2 + 0.8 * u(24), open > 1 ? 0.5 : 0.9) +
    line(curve(along(under)), dark, 1.6, open > 1 ? 0.5 : 0) +
    around(x, y, top - upper, bottom + lower, dark, u, beard)
  );
}

function teeth(x, above, under, open, u) {
  const clenched = u(23) > 0;
  const long = clenched ? open : Math.min((0.5 + 0.3 * u(12)) * open, 9 * (0.6 + u(12)));
  if (u(26) > 0.5 && !u(12) && !u(20)) return "";
  const shares = [0, 0.3, 0.6, 0.82];
  const row = (at) => bothSides(shares.map((share) => [share * x, at(share)]));
  const low = (share) => Math.min(under(share) - 0.4, above(share) + long);
  const shape = area(curve([...row(above), ...row(low).reverse()], true), TEETH);
  const between = (share) => (above(share) + under(share)) / 2;
  return shape + (clenched ? line(curve(row(between)), INSIDE, 1.4, 0.55) : "");
}

// What pressed lips, a raised chin and pulled corners do to the skin around the mouth.
function around(x, y, top, bottom, dark, u, bearded) {
  const chin = bottom + 9 - 2 * u(17);
  return (
    line(
      curve(bothSides(`0 ${chin + 1}, 12 ${chin}, 20 ${chin - 2}`)),
      dark,
      2.2,
      0.22 + 0.4 * u(17) + 0.2 * u(24),
    ) +
    lines(`7 ${chin + 14}, 14 ${chin + 10}, 19 ${chin + 13}`, dark, 1.8, 0.45 * u(17)) +
    lines(`${x + 4} ${y - 6}, ${x + 6} ${y}, ${x + 3} ${y + 6}`, dark, 2.2, 0.7 * u(24)) +
    lines(`${x} ${y}, ${x + 4} ${y + 5}, ${x + 5} ${y + 11}`, dark, 2.2, 0.75 * u(15)) +
    lines(`${x + 8} ${y - 8}, ${x + 11} ${y}, ${x + 9} ${y + 9}`, dark, 2, 0.6 * u(20)) +
    lines(`3.5 ${top - 12}, 3 ${top - 4}`, dark, 1.6, bearded ? 0 : 0.18)
  );
}

function moustache(x, y, top, colour) {
  const right = bothSides(`0 261, 16 262, ${0.8 * x} ${y - 13}, ${x + 8} ${y + 2}`);
  const low = bothSides(`0 ${top + 3}, ${0.5 * x} ${top + 5}, ${x + 4} ${y + 6}`);
  return area(curve([...right, ...low.reverse()], true), colour);
}
