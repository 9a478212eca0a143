// @ts-check
// The pixels of a polygon, as OpenCV fills it: what is between its lines, and these.

/**
 * @typedef {import("../types.js").Point} Point
 * @typedef {{ data: Uint8Array, width: number, height: number }} Mask
 */

/**
 * Sets to 255 what a polygon covers.
 *
 * @param {Mask} mask
 * @param {Point[]} corners in whole pixels, in the order of a line around it
 */
export function fillPolygon(mask, corners) {
  corners.forEach((corner, i) => void drawLine(mask, corners[(i || corners.length) - 1], corner));
  const edges = edgesOf(corners);
  const [top, bottom] = [Math.min(...corners.map(([, y]) => y)), Math.max(...corners.map(([, y]) => y))];
  for (let y = Math.max(top, 0); y < Math.min(bottom, mask.height); y++) {
    const crossed = edges.filter((edge) => y >= edge.top && y < edge.bottom);
    const places = crossed.map((edge) => edge.x + edge.slope * (y - edge.top)).sort((a, b) => a - b);
    for (let i = 0; i + 1 < places.length; i += 2) {
      const [left, right] = [
        Math.max(Math.ceil(places[i]), 0),
        Math.min(Math.floor(places[i + 1]), mask.width - 1),
      ];
      if (left <= right) mask.data.fill(255, y * mask.width + left, y * mask.width + right + 1);
    }
  }
}

function edgesOf(corners) {
  return corners.flatMap((corner, i) => {
    const [a, b] = [corners[(i || corners.length) - 1], corner].sort((p, q) => p[1] - q[1]);
    if (a[1] === b[1]) return [];
    return [{ x: a[0], top: a[1], bottom: b[1], slope: (b[0] - a[0]) / (b[1] - a[1]) }];
  });
}

// Bresenham's line, from left to right.
function drawLine({ data, width, height }, from, to) {
  const [[x1, y1], [x2, y2]] = from[0] <= to[0] ? [from, to] : [to, from];
  const [across, down] = [x2 - x1, Math.abs(y2 - y1)];
  const step = y2 < y1 ? -1 : 1;
  const [long, short] = [Math.max(across, down), Math.min(across, down)];
  let [x, y] = [x1, y1];
  for (let i = 0, error = long - 2 * short; i <= long; i++) {
    if (x >= 0 && x < width && y >= 0 && y < height) data[y * width + x] = 255;
    const both = error < 0;
    error += both ? 2 * long - 2 * short : -2 * short;
    if (both || across >= down) x += 1;
    if (both || across < down) y += step;
  }
}
