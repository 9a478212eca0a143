// @ts-check
// Rounding as Python and OpenCV round: halves to the even number.

/**
 * What Python's `round` gives, and numpy's.
 *
 * @param {number} value
 */
export function round(value) {
  const near = Math.round(value);
  return near - value === 0.5 && near % 2 !== 0 ? near - 1 : near + 0;
}

// 1.5 * 2^52: a number added to it has no place for halves, and goes to the even one. Quicker than
// `round` for the millions of pixels of a picture, whose values are far below 2^51.
export const HALVES = 6755399441055744;
