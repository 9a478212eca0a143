// How made people look.

/** So many rows of one width. */
export function rows(values, width) {
  return Array.from({ length: values.length / width }, (_, n) => values.subarray(n * width, (n + 1) * width));
}

/** A portrait in its own shade. */
export function shaded(portraits, [row, shade]) {
  return portraits[row].map((value) => value * shade);
}
