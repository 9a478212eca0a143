// @ts-check
// Who is drawn. Lengths are in units of the drawing, in which a face is about 185 wide and 275 high.

/**
 * @typedef {object} Person
 * @property {string} skin
 * @property {string} line what folds and shadows are drawn with
 * @property {string} lip
 * @property {string} hair
 * @property {string} [brow] where it is not the hair's
 * @property {string} iris
 * @property {string} cloth
 * @property {string} style of the hair: a name of hair.js
 * @property {[number, number, number, number]} head half widths at temple, cheek, jaw and chin
 * @property {number} chin how far down it is
 * @property {{ w: number, open: number, tilt: number, fold: number, lash: number }} eye
 * @property {{ thick: number, arch: number }} brows
 * @property {number} nose its half width
 * @property {[number, number, number]} lips heights of the upper and the lower one, and half their width
 * @property {number} age 0 to 1: how many lines the face has at rest
 * @property {boolean} [glasses]
 * @property {string} [beard] its colour
 * @property {boolean} [freckles]
 */

/** @type {Person[]} */
export const PEOPLE = [
  {
    ...{
      skin: "#f0cdb2",
      line: "#8a4f38",
      lip: "#c27a70",
      hair: "#4b3226",
      iris: "#5d7a6a",
      cloth: "#5f7f86",
    },
    ...{ style: "bob", head: [84, 90, 70, 27], chin: 340, nose: 17, lips: [7.5, 10, 33], age: 0.1 },
    eye: { w: 23, open: 1.05, tilt: 2, fold: 1, lash: 1 },
    brows: { thick: 6.4, arch: 0.8 },
  },
  {
    ...{
      skin: "#7d4f36",
      line: "#2d140a",
      lip: "#7a3e38",
      hair: "#1d1614",
      iris: "#3a2317",
      cloth: "#b98b4e",
    },
    ...{ style: "cropped", head: [85, 92, 80, 37], chin: 345, nose: 23, lips: [9.5, 12, 36], age: 0.25 },
    eye: { w: 22, open: 1, tilt: 1, fold: 1, lash: 0 },
    brows: { thick: 9, arch: -1 },
  },
  {
    ...{
      skin: "#f3d6c2",
      line: "#8d5a48",
      lip: "#bf817a",
      hair: "#c9c6c2",
      iris: "#56748f",
      cloth: "#8a6f8f",
    },
    ...{ style: "waves", head: [84, 90, 73, 29], chin: 338, nose: 18, lips: [5, 7.5, 32], age: 1 },
    eye: { w: 21, open: 0.95, tilt: -0.5, fold: 1, lash: 0.5 },
    brows: { thick: 5.2, arch: 1 },
    brow: "#7f7671",
    glasses: true,
  },
  {
    ...{
      skin: "#eac79b",
      line: "#7d4c2a",
      lip: "#bb7765",
      hair: "#1f1b1d",
      iris: "#33231b",
      cloth: "#3f5e52",
    },
    ...{ style: "fringe", head: [86, 93, 75, 31], chin: 338, nose: 19, lips: [7, 9.5, 32], age: 0 },
    eye: { w: 23, open: 0.9, tilt: 3.5, fold: 0.35, lash: 0 },
    brows: { thick: 7.6, arch: 0 },
  },
  {
    ...{
      skin: "#d9a577",
      line: "#6b3a1f",
      lip: "#a85c55",
      hair: "#2a1d18",
      iris: "#5b3b22",
      cloth: "#41618f",
    },
    ...{ style: "scarf", head: [83, 89, 70, 27], chin: 340, nose: 18, lips: [8.5, 11, 33], age: 0.1 },
    eye: { w: 24, open: 1.05, tilt: 2.5, fold: 1, lash: 1 },
    brows: { thick: 7.2, arch: 0.8 },
  },
  {
    ...{
      skin: "#e6b896",
      line: "#7e4630",
      lip: "#b0736a",
      hair: "#8d8680",
      iris: "#4f6f8a",
      cloth: "#6b6f57",
    },
    ...{ style: "bald", head: [86, 93, 81, 36], chin: 346, nose: 21, lips: [5, 8, 34], age: 0.8 },
    eye: { w: 21, open: 0.92, tilt: -1, fold: 1, lash: 0 },
    brows: { thick: 8.6, arch: -1 },
    beard: "#a39c95",
    brow: "#6f6862",
  },
  {
    ...{
      skin: "#a56b45",
      line: "#48210f",
      lip: "#8f4340",
      hair: "#241712",
      iris: "#3d2415",
      cloth: "#a8574a",
    },
    ...{ style: "curls", head: [82, 89, 71, 28], chin: 339, nose: 21, lips: [10, 12.5, 34], age: 0 },
    eye: { w: 24, open: 1.05, tilt: 2, fold: 1, lash: 1 },
    brows: { thick: 6.8, arch: 1 },
  },
  {
    ...{
      skin: "#f5d5bd",
      line: "#9a5a3c",
      lip: "#cf8375",
      hair: "#a4552c",
      iris: "#4f8070",
      cloth: "#5a6b7d",
    },
    ...{ style: "swept", head: [82, 88, 74, 31], chin: 338, nose: 17.5, lips: [6, 8.5, 32], age: 0 },
    eye: { w: 22, open: 1, tilt: 1, fold: 1, lash: 0.3 },
    brows: { thick: 7, arch: 0 },
    brow: "#8a4826",
    freckles: true,
  },
];
