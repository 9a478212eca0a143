// @ts-check
// What each look is drawn from: action units of the Facial Action Coding System (Ekman, Friesen, Hager,
// 2002), and how strong each is where the look is strong, 0 to 1. The combinations are those of its
// manual's table of emotions; where it has several, each is a way of its own.
//
// AU1 inner brow up, AU2 outer brow up, AU4 brows down and together, AU5 upper lid up, AU6 cheeks up,
// AU7 lids tight, AU9 nose wrinkled, AU10 upper lip up, AU12 lip corners up, AU15 lip corners down,
// AU16 lower lip down, AU17 chin up, AU20 lips stretched, AU23 lips tight, AU24 lips pressed, AU25 lips
// parted, AU26 jaw dropped, AU43 upper lids hang, AU64 eyes down.

/** @typedef {Record<string, number>} Units how much of each, 0 to 1 */
/** @typedef {(unit: number) => number} Amount of the action unit with a number, 0 to 1 */

/** @type {Record<string, Units[]>} */
export const WAYS = {
  angry: [
    { AU4: 1, AU5: 0.3, AU7: 0.9, AU23: 0.5, AU24: 1, AU17: 0.5 },
    { AU4: 1, AU5: 0.4, AU7: 0.8, AU10: 0.75, AU16: 0.7, AU23: 0.5, AU25: 1 },
  ],
  sad: [
    { AU1: 1, AU4: 0.7, AU15: 1, AU17: 0.4, AU43: 0.55, AU64: 0.6 },
    { AU1: 1, AU4: 0.5, AU15: 0.85, AU43: 0.8, AU64: 1 },
  ],
  happy: [
    { AU6: 0.8, AU12: 1 },
    { AU6: 0.9, AU12: 1, AU25: 1 },
  ],
  neutral: [{}],
  surprised: [{ AU1: 1, AU2: 1, AU5: 0.9, AU25: 0.4, AU26: 0.9 }],
  afraid: [
    { AU1: 1, AU2: 0.6, AU4: 0.7, AU5: 1, AU20: 1, AU25: 0.9, AU7: 0.2 },
    { AU1: 1, AU2: 0.6, AU4: 0.7, AU5: 1, AU20: 0.7, AU25: 1, AU26: 0.4 },
  ],
  disgusted: [
    { AU4: 0.5, AU7: 0.5, AU9: 1, AU10: 0.9, AU17: 0.7, AU15: 0.3 },
    { AU4: 0.5, AU7: 0.6, AU9: 1, AU10: 1, AU16: 0.5, AU25: 0.8 },
  ],
};

// How much of a strong look is left in one that is slight, clear and strong: its strengths 1 to 3.
const SHARES = [0.52, 0.76, 1];
export const STRONG = SHARES.length;

/**
 * @param {Units} way
 * @param {number} strength
 * @returns {Units}
 */
export function unitsOf(way, strength) {
  return mixed(way, SHARES[strength - 1]);
}

/**
 * The units on the way from rest (0) to what they are (1).
 *
 * @param {Units} units
 * @param {number} share
 * @returns {Units}
 */
export function mixed(units, share) {
  return Object.fromEntries(Object.entries(units).map(([unit, value]) => [unit, value * share]));
}

// What is said of each part: the first of its rows whose units are all there. What is at rest has none.
const PARTS = {
  brows: {
    raisedTogether: ["AU1", "AU2", "AU4"],
    innerUp: ["AU1", "AU4"],
    raised: ["AU1", "AU2"],
    together: ["AU4"],
  },
  eyes: {
    wide: ["AU1", "AU5"],
    staring: ["AU4", "AU5", "AU7"],
    hanging: ["AU43"],
    cheeksUp: ["AU6"],
    narrow: ["AU7"],
  },
  nose: { wrinkled: ["AU9"] },
  mouth: {
    pressed: ["AU24"],
    bared: ["AU23", "AU25"],
    smilingOpen: ["AU12", "AU25"],
    smiling: ["AU12"],
    stretched: ["AU20", "AU25"],
    lipUpOpen: ["AU10", "AU25"],
    lipUp: ["AU10"],
    chinUp: ["AU15", "AU17"],
    cornersDown: ["AU15"],
    dropped: ["AU26"],
  },
};

/**
 * What there is to see in each part: pairs of a part and how it is, as the words name them.
 *
 * @param {Units} units
 * @returns {[string, string][]}
 */
export function partsOf(units) {
  return Object.entries(PARTS).flatMap(([part, rows]) => {
    const row = Object.entries(rows).find(([, needed]) => needed.every((unit) => units[unit] > 0));
    return row ? /** @type {[string, string][]} */ ([[part, row[0]]]) : [];
  });
}

/**
 * How a part is where a face has a look, as the words name it: one for each way of the look, none where the
 * part is at rest or the look is not drawn.
 *
 * @param {string} look
 * @param {string} part
 * @returns {string[]}
 */
export function statesOf(look, part) {
  const states = (WAYS[look] ?? []).map((way) => Object.fromEntries(partsOf(way))[part]);
  return [...new Set(states.filter(Boolean))];
}

// Where the parts are in a drawing, as the corners around each.
/** @type {Record<string, import("./curves.js").Point[]>} */
export const REGIONS = {
  brows: box(88, 138, 191),
  eyes: box(84, 178, 230),
  nose: box(40, 180, 266),
  mouth: box(72, 248, 336),
};

/**
 * @param {number} half its width
 * @param {number} top
 * @param {number} bottom
 * @returns {import("./curves.js").Point[]}
 */
function box(half, top, bottom) {
  return [
    [-half, top],
    [half, top],
    [half, bottom],
    [-half, bottom],
  ];
}
