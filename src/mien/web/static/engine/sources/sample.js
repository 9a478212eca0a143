// @ts-check
// The twin of mien/sources/sample.py and drawn.py in what they show, not in their pixels: a short moving
// scene from one portrait, between whose halves drawn faces come. It has no noise.

import { contextOf } from "./shown.js";

const PORTRAIT = new URL("../../sample/collins.jpg", import.meta.url);
const SHEET = new URL("../../sample/drawn.webp", import.meta.url);
const WIDTH = 640;
const HEIGHT = 480;
const FPS = 30;
const FRAMES = 8 * FPS;
const SIDE = 320; // of the portrait
const TOP = "rgb(203 196 192)";
const BOTTOM = "rgb(181 173 170)";
const FEATHER_TOP = 20;
const FEATHER_SIDES = 64;
// Of the drawn faces: a tile's side, how long a look lasts and how long it takes to come and to go.
const TILE = 256;
const LOOK_S = 4;
const GLIDE_S = 0.5;
const STRENGTHS = 3;
// Which look each person has at a time, by its place in the sheet; null is the face at rest.
const COURSES = [
  [0, 1, 2],
  [1, 2, 0],
  [null, 0, 1],
];
// Where they stand: the middle of each in widths of the picture, and their sizes in tiles.
const STANDS = [
  [0.19, 1.24],
  [0.51, 1.14],
  [0.82, 1.22],
];
const DRAWN_S = LOOK_S * COURSES[0].length;
const DRAWN_FRAMES = DRAWN_S * FPS;

/**
 * @typedef {OffscreenCanvasRenderingContext2D} Context
 *
 * @typedef {(frame: import("../pipeline/analyzer.js").Frame, shown: ImageBitmap) => Promise<unknown>} Take
 */

// Plays it again and again, until it is stopped; the next picture comes when the last one has been shown.
export class Sample {
  #stopped = false;
  #shown = () => {};

  /** @param {Take} take is given each picture */
  async run(take) {
    const scene = await Scene.load();
    const context = contextOf(WIDTH, HEIGHT);
    const start = performance.now();
    for (let index = 0; !this.#stopped; index++) {
      await wait(start + (1000 * index) / FPS - performance.now());
      // Pictures that should have come meanwhile are left out.
      index = Math.max(index, Math.floor(((performance.now() - start) * FPS) / 1000));
      if (this.#stopped) return;
      scene.draw(context, index);
      const shown = new Promise((resolve) => {
        this.#shown = () => resolve(undefined);
      });
      const picture = context.getImageData(0, 0, WIDTH, HEIGHT);
      const frame = { picture, index, timestamp: index / FPS, source: "sample" };
      await take(frame, await createImageBitmap(context.canvas));
      await shown;
    }
  }

  next() {
    this.#shown();
  }

  stop() {
    this.#stopped = true;
    this.#shown();
  }
}

class Scene {
  /** @type {Promise<Scene> | undefined} */
  static #loaded;

  static load() {
    Scene.#loaded ??= Promise.all([PORTRAIT, SHEET].map(bitmapOf)).then((made) => new Scene(made));
    return Scene.#loaded.catch((error) => {
      Scene.#loaded = undefined; // perhaps there is a network the next time
      throw error;
    });
  }

  /** @param {ImageBitmap[]} pictures */
  constructor([portrait, sheet]) {
    this.portrait = feathered(portrait);
    this.sheet = sheet;
  }

  /**
   * @param {Context} context
   * @param {number} index
   */
  draw(context, index) {
    const place = index % (FRAMES + DRAWN_FRAMES);
    const begin = FRAMES / 2;
    context.resetTransform();
    const wall = context.createLinearGradient(0, 0, 0, HEIGHT);
    wall.addColorStop(0, TOP);
    wall.addColorStop(1, BOTTOM);
    context.fillStyle = wall;
    context.fillRect(0, 0, WIDTH, HEIGHT);
    if (place >= begin && place < begin + DRAWN_FRAMES) this.#drawn(context, (place - begin) / FPS);
    else this.#portraits(context, place < begin ? place : place - DRAWN_FRAMES);
  }

  /**
   * @param {Context} context
   * @param {number} index
   */
  #portraits(context, index) {
    const turn = (2 * Math.PI * index) / FRAMES;
    const [drift, sway] = [Math.sin(2 * turn), Math.sin(4 * turn)];
    if (index < FRAMES / 2) {
      this.#stand(context, 320 + 70 * drift, 1.42 + 0.12 * drift, 4 * sway);
    } else {
      this.#stand(context, 166 + 10 * drift, 1.16 + 0.04 * sway, 3 * drift);
      this.#stand(context, 474 + 10 * sway, 1.14 - 0.04 * drift, -3 * sway, true);
    }
  }

  // The shoulders reach below the frame at every tilt, so that no one floats.
  #stand(context, x, scale, tilt, mirrored = false) {
    turnAbout(context, x, HEIGHT + 20 - (SIDE / 2) * scale, scale, tilt);
    if (mirrored) context.scale(-1, 1);
    context.drawImage(this.portrait, -SIDE / 2, -SIDE / 2);
  }

  /**
   * @param {Context} context
   * @param {number} seconds
   */
  #drawn(context, seconds) {
    for (const [row, [middle, scale]] of STANDS.entries()) {
      const sway = Math.sin(2 * Math.PI * ((seconds / DRAWN_S) * 2 + row / STANDS.length));
      turnAbout(context, middle * WIDTH + 5 * sway, HEIGHT + 14 - (TILE / 2) * scale, scale, 2.5 * sway);
      const tile = (column) => this.#tile(context, row, column);
      const passed = seconds % LOOK_S;
      const look = COURSES[row][Math.floor(seconds / LOOK_S) % COURSES[row].length];
      const share = Math.min(1, passed / GLIDE_S, (LOOK_S - passed) / GLIDE_S);
      const strength = look === null ? 0 : share * STRENGTHS;
      const column = (step) => (step === 0 ? 0 : (look ?? 0) * STRENGTHS + step);
      tile(column(Math.floor(strength)));
      context.globalAlpha = strength % 1;
      if (context.globalAlpha > 0) tile(column(Math.ceil(strength)));
      context.globalAlpha = 1;
    }
  }

  #tile(context, row, column) {
    // Without its outermost pixels, into which those of the next tile would be mixed.
    const [side, corner] = [TILE - 2, 1 - TILE / 2];
    context.drawImage(this.sheet, column * TILE + 1, row * TILE + 1, side, side, corner, corner, side, side);
  }
}

// Counterclockwise, in degrees.
function turnAbout(context, x, y, scale, tilt) {
  context.setTransform(1, 0, 0, 1, x, y);
  context.rotate((-tilt * Math.PI) / 180);
  context.scale(scale, scale);
}

/** @param {ImageBitmap} portrait */
function feathered(portrait) {
  const context = contextOf(SIDE, SIDE);
  context.drawImage(portrait, 0, 0, SIDE, SIDE);
  const pixels = context.getImageData(0, 0, SIDE, SIDE);
  for (let i = 0; i < SIDE * SIDE; i++) {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    const side = smooth(Math.min(1, Math.min(x, SIDE - 1 - x) / FEATHER_SIDES));
    pixels.data[4 * i + 3] = Math.round(255 * side * smooth(Math.min(1, y / FEATHER_TOP)));
  }
  context.putImageData(pixels, 0, 0);
  return context.canvas.transferToImageBitmap();
}

function smooth(x) {
  return x * x * (3 - 2 * x);
}

async function bitmapOf(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return createImageBitmap(await response.blob());
}

/** @param {number} ms */
function wait(ms) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
