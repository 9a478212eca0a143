// @ts-check
// What does not move with a look: shoulders, head, beard, glasses; the jaw drops.

import { area, asPoints, bothSides, curve, line, lines, oval, pair, STROKE } from "./curves.js";
import { EYE_X } from "./eyes.js";

/** @typedef {import("./people.js").Person} Person */
/** @typedef {import("./looks.js").Amount} Amount */
/** @typedef {import("./curves.js").Point} Point */

/** @param {Person} person */
export function shoulders({ skin, line: dark, cloth }) {
  const neck = curve("-50 290, -48 335, -60 352, 0 400, 60 352, 48 335, 50 290", true);
  const shade = curve("-49 300, 0 345, 49 300, 46 336, 30 354, 0 360, -30 354, -46 336", true);
  const body = "M-170 420V376C-130 356 -90 352 -58 342C-36 368 36 368 58 342C90 352 130 356 170 376V420Z";
  return area(neck, skin) + area(shade, dark, 0.22) + area(body, cloth);
}

/**
 * @param {Person} person
 * @param {Amount} u
 * @param {string} id
 */
export function head(person, u, id) {
  const { skin, line: dark, lip, chin: low, beard, style, freckles } = person;
  const [temple, cheek, jaw, chin] = person.head;
  const drop = 15 * u(26);
  const outline = curve(
    bothSides(
      `0 64, 46 73, ${temple - 6} 110, ${cheek - 1} 162, ${cheek} 212, ${cheek - 6} ${252 + drop / 3}, ${jaw} ${292 + drop / 2}, ${chin + 14} ${326 + drop}, ${chin - 6} ${low - 3 + drop}, 0 ${low + drop}`,
    ),
    true,
  );
  const ear = `${cheek - 4} 186, ${cheek + 11} 184, ${cheek + 13} 206, ${cheek + 6} 232, ${cheek - 5} 238`;
  const ears =
    style === "scarf"
      ? ""
      : area(pair(ear), skin) + lines(`${cheek + 1} 196, ${cheek + 8} 198, ${cheek + 5} 218`, dark, 2, 0.45);
  const soft = `<radialGradient id="${id}-soft"><stop stop-color="${lip}" stop-opacity=".5"/><stop offset="1" stop-color="${lip}" stop-opacity="0"/></radialGradient>`;
  const shade = curve(
    `${cheek + 20} 90, ${cheek - 22} 150, ${cheek - 20} 220, ${jaw - 22} 300, ${chin - 4} ${low + 30}, ${cheek + 30} ${low}`,
    true,
  );
  const spots = freckles
    ? asPoints("30 238, 42 232, 52 240, 38 247, 60 231, 24 229, 48 250")
        .flatMap(([x, y]) => [oval([x, y], 1.5, 1.3, dark, 0.4), oval([-x - 3, y + 2], 1.4, 1.4, dark, 0.4)])
        .join("")
    : "";
  const cheeks = [-57, 57].map((x) => oval([x, 246], 34, 26, `url(#${id}-soft)`, 0.42)).join("");
  return [
    `${soft}<clipPath id="${id}-head"><path d="${outline}"/></clipPath>`,
    ears,
    area(outline, skin),
    `<g clip-path="url(#${id}-head)">`,
    area(shade, dark, 0.1),
    cheeks,
    spots,
    beard ? beardOf(person, beard, drop) : "",
    "</g>",
    line(outline, dark, 1.6, 0.4),
  ].join("");
}

/**
 * @param {Person} person
 * @param {string} colour
 * @param {number} drop of the jaw
 */
function beardOf({ head: [, cheek, jaw, chin], chin: low }, colour, drop) {
  const outer = bothSides(
    `0 ${low + 20 + drop}, ${chin + 16} ${low + 8 + drop}, ${jaw + 12} ${300 + drop / 2}, ${cheek + 6} 236, ${cheek + 2} 206`,
  );
  const inner = bothSides(`0 262, 24 264, 50 272, 66 262, 78 236, ${cheek - 4} 206`).reverse();
  return area(curve([...outer, ...inner], true), colour, 0.9);
}

/** @param {Person} person */
export function glasses({ eye: { w } }) {
  const [left, right] = [EYE_X - w - 8, EYE_X + w + 8];
  const lens = `M${left} 192Q${left} 184 ${left + 9} 184H${right - 9}Q${right} 184 ${right} 192Q${right + 1} 226 ${EYE_X + 3} 227Q${left} 227 ${left} 192Z`;
  const glass = 'fill="#ffffff" fill-opacity=".1"';
  const frame = `M${-left} 194Q0 187 ${left} 194M${right} 194L92 190M${-right} 194L-92 190`;
  return (
    `<g ${STROKE} stroke="#5b4a52" stroke-width="2.8"><path d="${lens}" ${glass}/>` +
    `<path d="${lens}" ${glass} transform="scale(-1 1)"/><path d="${frame}"/></g>`
  );
}
