// Asks the engine for what OpenCV did to pixels; see test_pixels.py.

import {
  colourRows,
  cutSquare,
  grayRows,
  planeRows,
  readAll,
  toGray,
} from "../../../src/mien/web/static/engine/vision/pixels.js";
import { round } from "../../../src/mien/web/static/engine/vision/numbers.js";
import { resize, resizeArea, resizeLinear } from "../../../src/mien/web/static/engine/vision/resize.js";
import {
  brightnessAndSharpness,
  gaussianBlur,
  warpAffine,
} from "../../../src/mien/web/static/engine/vision/warp.js";
import { decoded, inNode, Mismatches } from "./twins.mjs";

const withoutAlpha = (data) => data.filter((_, i) => i % 4 !== 3);

export function run(vectors) {
  const { rounded, pictures, resized, warped, squares, blurred } = decoded(vectors);
  const mismatches = new Mismatches();
  mismatches.compare("round", rounded.given.map(round), rounded.wanted, 0);
  pictures.forEach(({ picture, gray }, n) => {
    mismatches.compare(`gray ${n}`, toGray(picture).data, gray, 0);
  });
  resized.forEach(({ picture: n, size: [width, height], method, gray, colours }) => {
    const { picture, gray: whole } = pictures[n];
    const name = `${method} ${picture.width}x${picture.height} to ${width}x${height}`;
    const plane = { ...picture, data: whole };
    mismatches.comparePixels(`${name}, gray`, resize(planeRows(plane), width, height, method), gray);
    const other = (method === "area" ? resizeArea : resizeLinear)(picture, width, height);
    mismatches.comparePixels(`${name}, colours`, withoutAlpha(other.data), colours);
  });
  warped.forEach(({ picture: n, part, matrix, size: [width, height], wanted }, number) => {
    const { data } = warpAffine(pictures[n].picture, part, matrix, width, height);
    mismatches.comparePixels(`warp ${number}`, withoutAlpha(data), wanted);
  });
  for (const { picture: n, left, top, side, edge, black } of squares) {
    const { picture } = pictures[n];
    const name = `square of ${side} at ${left}, ${top}`;
    mismatches.compare(name, withoutAlpha(cutSquare(picture, left, top, side).data), edge, 0);
    mismatches.compare(
      `${name}, black`,
      withoutAlpha(cutSquare(picture, left, top, side, "black").data),
      black,
      0,
    );
    const part = { left, top, width: side, height: side };
    const square = { data: readAll(colourRows(picture, part)), width: side, height: side };
    mismatches.compare(`${name}, gray`, readAll(grayRows(picture, part)), toGray(square).data, 0);
  }
  blurred.forEach(({ side, gray, wanted, brightness, sharpness }, n) => {
    mismatches.compare(`blur ${n}`, gaussianBlur(gray, side), wanted, 0);
    const found = brightnessAndSharpness(gray, side);
    mismatches.compare(`brightness ${n}`, [found.brightness], [brightness], 1e-6);
    mismatches.compare(`sharpness ${n}`, [found.sharpness / sharpness], [1], 1e-5);
  });
  return mismatches.lines;
}

await inNode(run);
