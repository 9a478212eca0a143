// @ts-check
// The hair of the drawings: what is behind the head, and what is before it.

import { area, asPoints, bothSides, curve, line, oval, pair } from "./curves.js";

/** @typedef {import("./people.js").Person} Person */
/** @typedef {import("./curves.js").Point} Point */

// Around the head from the right ear to the left one, and back along the forehead.
/**
 * @param {string} outer of the right side, from the middle to the ear
 * @param {string} inner of the forehead, from the right ear to the left one
 */
function cap(outer, inner) {
  return curve([...bothSides(outer), ...asPoints(inner)], true);
}

/** @type {Record<string, (person: Person) => [string, string]>} */
export const HAIR = {
  bob({ hair, line: dark }) {
    const back = area(
      curve(bothSides("0 50, 44 55, 86 86, 108 140, 113 210, 110 282, 74 306, 40 290"), true),
      hair,
    );
    const front = cap(
      "0 52, 43 57, 84 88, 104 142, 107 206, 104 262, 97 286",
      "88 262, 86 200, 80 160, 52 128, 10 108, -30 116, -66 138, -84 172, -88 230, -92 262",
    );
    return [
      back,
      area(front, hair) +
        strand("10 106, 40 92, 82 118, 95 170", dark) +
        strand("6 106, -44 92, -84 126, -95 180", dark),
    ];
  },
  cropped({ hair, head: [, cheek] }) {
    return [
      "",
      area(
        cap(
          `0 60, 44 66, 78 92, ${cheek + 1} 140, ${cheek + 2} 170, ${cheek + 1} 196`,
          `${cheek - 6} 184, 82 152, 66 126, 34 117, 0 116, -34 117, -66 126, -82 152, ${6 - cheek} 184`,
        ),
        hair,
      ),
    ];
  },
  waves({ hair, line: dark }) {
    const back = area(curve(bothSides("0 48, 46 53, 88 82, 108 130, 106 206, 92 236, 60 220"), true), hair);
    const front = cap(
      "0 50, 46 55, 86 84, 105 132, 102 198, 92 222",
      "86 198, 87 168, 78 142, 56 124, 22 120, -14 128, -40 112, -66 130, -82 152, -87 178, -86 204",
    );
    return [
      back,
      area(front, hair) +
        strand("-38 110, 0 84, 60 90, 92 138", dark) +
        strand("-42 110, -70 96, -92 136", dark) +
        strand("-30 96, 10 70, 56 74", dark),
    ];
  },
  fringe({ hair, head: [, cheek], line: dark }) {
    return [
      "",
      area(
        cap(
          `0 52, 46 57, 82 82, ${cheek + 5} 130, ${cheek + 6} 168, ${cheek + 3} 202`,
          `${cheek - 4} 190, 84 158, 70 134, 48 143, 30 130, 8 142, -12 128, -34 141, -56 130, -74 144, -84 162, ${4 - cheek} 190`,
        ),
        hair,
      ) +
        strand("30 128, 20 96, -14 76", dark) +
        strand("-12 126, -26 100, -48 86", dark) +
        strand("70 132, 62 104, 40 82", dark),
    ];
  },
  scarf({ cloth, line: dark }) {
    const around = bothSides("0 50, 46 56, 86 88, 106 150, 108 204, 106 262, 118 330, 132 372");
    const opening = bothSides("0 108, 46 118, 78 152, 85 215, 72 284, 38 330, 0 344");
    const ring = curve(around, true) + curve(opening, true);
    const shape = `<path fill-rule="evenodd" d="${ring}" fill="${cloth}"/>`;
    const folds =
      strand("-84 190, -92 130, -56 84, 0 72", dark) +
      strand("92 220, 96 300, 60 352", dark) +
      strand("-80 290, -50 346, 10 366", dark) +
      strand("84 170, 74 120, 34 92", dark);
    return [area(curve(around, true), cloth), shape + folds];
  },
  bald({ hair, head: [, cheek] }) {
    const side = `${cheek - 3} 138, ${cheek + 3} 156, ${cheek + 4} 184, ${cheek + 1} 210, ${cheek - 3} 208, ${cheek - 4} 182`;
    return ["", area(pair(side), hair)];
  },
  curls({ hair }) {
    const locks = [];
    for (let i = 0; i <= 16; i++) {
      const angle = Math.PI * (-0.14 + (1.28 * i) / 16);
      locks.push(oval([104 * Math.cos(angle), 152 - 92 * Math.sin(angle)], 29, 29, hair));
    }
    const back =
      area(curve(bothSides("0 50, 66 66, 112 120, 122 184, 100 232, 60 240"), true), hair) + locks.join("");
    const front = [];
    for (let i = 0; i <= 12; i++) {
      const angle = Math.PI * (0.04 + (0.92 * i) / 12);
      front.push(oval([88 * Math.cos(angle), 160 - 62 * Math.sin(angle)], 19, 19, hair));
    }
    const top = area(
      curve("-98 150, -84 96, -44 62, 0 52, 44 62, 84 96, 98 150, 64 116, 0 100, -64 116", true),
      hair,
    );
    return [back, top + front.join("")];
  },
  swept({ hair, head: [, cheek], line: dark }) {
    return [
      "",
      area(
        cap(
          `0 50, 46 51, 82 76, ${cheek + 4} 126, ${cheek + 1} 190`,
          `${cheek - 5} 178, 82 150, 72 126, 44 122, 6 126, -30 116, -58 98, -72 132, -82 156, ${5 - cheek} 178`,
        ),
        hair,
      ) +
        strand("-56 98, -20 108, 30 104, 76 124", dark) +
        strand("-52 90, -10 78, 44 80, 82 112", dark),
    ];
  },
};

/**
 * @param {string} points
 * @param {string} colour
 */
function strand(points, colour) {
  return line(curve(points), colour, 2, 0.35);
}
