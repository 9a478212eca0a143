// @ts-check
// Pictures by themselves: decoded by the browser, encoded for the server.

import { contextOf } from "./dom.js";

// Draws an encoded picture on a canvas that is made to fit it, no side larger than `maxSide`; a turned
// photograph is upright. Raises an error where the browser cannot decode it.
export async function drawPicture(canvas, blob, maxSide) {
  const bitmap = await createImageBitmap(blob);
  const scale = Math.min(1, maxSide / Math.max(bitmap.width, bitmap.height));
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = contextOf(canvas);
  context.imageSmoothingQuality = "high";
  // JPEG knows no transparency: mid-gray is the ground that disturbs a cut-out face least.
  context.fillStyle = "#808080";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
}

// Whether the browser can decode a file as a picture.
export async function isPicture(file) {
  try {
    (await createImageBitmap(file)).close();
    return true;
  } catch {
    return false;
  }
}

export function toJpeg(canvas, quality) {
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
}
