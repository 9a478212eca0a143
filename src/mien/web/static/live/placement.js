// @ts-check
// Where the words of each face go: on no mouth, no eyes and no other words. The twin of
// `mien/vision/placement.py`, which says how; tests hold the two together.

export const CROWD = 4; // as many faces are shown by their signs, but for the one in front
const SCALES = [1, 0.7, 0.5, 0.35];
const SHARE = 0.18;
const GRID = 8;
const HIGHER = [2, 2.5, 3]; // lines above a face, where its neighbour's words are, which may be higher up

/**
 * @typedef {[number, number]} Point
 *
 * @typedef {[number, number, number, number]} Rectangle
 *
 * @typedef {object} Spot
 * @property {Rectangle} box where the face is
 * @property {Point[][]} free what is kept free: its eyes and its mouth, rectangles at any angle
 * @property {Point} word width and height of its words
 * @property {Point} sign width and height of its sign alone
 * @property {boolean} front whether it is the one that is meant
 *
 * @typedef {object} Placed
 * @property {"word" | "sign"} kind
 * @property {number} left
 * @property {number} top
 * @property {number} scale
 */

/**
 * What is shown of each face, and where; null where there is no room even for a sign.
 *
 * @param {Spot[]} spots
 * @param {Rectangle} picture what nothing may reach beyond
 * @returns {(Placed | null)[]}
 */
export function place(spots, picture) {
  /** @type {(Placed | null)[]} */
  const placed = spots.map(() => null);
  const find = (one, size) => findRoom(spots, placed, picture, one, size);
  const word = (one) => at("word", find(one, spots[one].word), 1);
  const order = [...spots.keys()].sort(
    (a, b) => Number(spots[b].front) - Number(spots[a].front) || area(spots[b].box) - area(spots[a].box),
  );
  for (const one of order) placed[one] = (spots[one].front ? word(one) : null) ?? sign(spots[one], one, find);
  if (spots.length >= CROWD) return placed;
  for (const one of order) {
    if (placed[one]?.kind === "sign") placed[one] = word(one) ?? placed[one];
  }
  return placed;
}

/** @returns {Placed | null} */
function at(kind, point, scale) {
  return point && { kind, left: point[0], top: point[1], scale };
}

function sign({ box, sign: [width, height] }, one, find) {
  const least = (SHARE * Math.min(box[2] - box[0], box[3] - box[1])) / Math.max(width, height);
  for (const scale of [...SCALES, Math.min(SCALES[SCALES.length - 1], least)]) {
    const found = find(one, [width * scale, height * scale]);
    if (found) return at("sign", found, scale);
  }
  return null;
}

function findRoom(spots, placed, picture, one, size) {
  const [left, top, right, bottom] = picture;
  if (size[0] > right - left || size[1] > bottom - top) return null;
  for (const [x, y] of candidates(spots[one].box, size, picture)) {
    const wanted = covered(spots[one].box, [x, y, x + size[0], y + size[1]]);
    if (wanted.every((part) => isFree(spots, placed, one, part))) return [x, y];
  }
  return null;
}

function isFree(spots, placed, one, wanted) {
  const own = holds(spots[one].box, wanted);
  return spots.every((spot, other) => {
    if (spot.free.some((region) => meets(wanted, region))) return false;
    if (other === one) return true;
    if (!own && overlap(wanted, spot.box)) return false;
    const there = placed[other] ? covered(spot.box, taken(spot, placed[other])) : [];
    return !there.some((part) => overlap(wanted, part));
  });
}

// What words take: where they are, and what is between them and the middle of a face that they are a line
// above, so that no others come between.
/**
 * @param {Rectangle} box
 * @param {Rectangle} words
 * @returns {Rectangle[]}
 */
function covered(box, words) {
  const [left, top, right, bottom] = words;
  if (box[1] - bottom < (bottom - top) / 2) return [words];
  const quarter = (box[2] - box[0]) / 4;
  return [words, [Math.max(left, box[0] + quarter), bottom, Math.min(right, box[2] - quarter), box[1]]];
}

/** @returns {Rectangle} */
function taken(spot, { kind, left, top, scale }) {
  const [width, height] = spot[kind];
  return [left, top, left + width * scale, top + height * scale];
}

// The places above, below and beside a face, above the words of its neighbour, and then in it, the best
// first: a brow that is covered takes more from a face than words that are a line higher.
function* candidates(box, [width, height], picture) {
  const [left, top, right, bottom] = [picture[0], picture[1], picture[2] - width, picture[3] - height];
  const [x1, y1, x2, y2] = box;
  const gap = height / 4;
  const across = (x) => Math.max(left, Math.min(x, right));
  const down = (y) => Math.max(top, Math.min(y, bottom));
  function* along(y) {
    if (y < top || y > bottom) return;
    for (const x of [(x1 + x2 - width) / 2, x1, x2 - width]) yield [across(x), y];
  }
  yield* along(y1 - gap - height);
  yield* along(y2 + gap);
  for (const x of [x2 + gap, x1 - gap - width]) {
    if (x < left || x > right) continue;
    for (const y of [y1, y2 - height]) yield [x, down(y)];
  }
  for (const lines of HIGHER) yield* along(y1 - lines * (gap + height));
  for (const [x, y] of inside(box, [width, height], picture)) yield [across(x), down(y)];
}

// The places in what is to be seen of a face.
function* inside(box, [width, height], picture) {
  const [x1, y1] = [Math.max(box[0], picture[0]), Math.max(box[1], picture[1])];
  const [right, bottom] = [Math.min(box[2], picture[2]) - width, Math.min(box[3], picture[3]) - height];
  const gap = height / 4;
  for (const y of [y1 + gap, bottom - gap]) {
    for (const x of [(x1 + right) / 2, x1 + gap, right - gap]) yield [x, y];
  }
  for (let row = 0; row <= GRID; row++) {
    const y = y1 + ((bottom - y1) * row) / GRID;
    for (let column = 0; column <= GRID; column++) yield [x1 + ((right - x1) * column) / GRID, y];
  }
}

function area([x1, y1, x2, y2]) {
  return (x2 - x1) * (y2 - y1);
}

function overlap(a, b) {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}

function holds(outer, inner) {
  return outer[0] <= inner[0] && outer[1] <= inner[1] && inner[2] <= outer[2] && inner[3] <= outer[3];
}

// Whether an upright rectangle and one at any angle have a point in common inside.
function meets([left, top, right, bottom], region) {
  const corners = [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
  const [[ax, ay], [bx, by], [cx, cy]] = region;
  const axes = [
    [1, 0],
    [0, 1],
    [bx - ax, by - ay],
    [cx - bx, cy - by],
  ];
  return axes.every(([x, y]) => {
    const [ours, theirs] = [corners, region].map((points) => points.map(([p, q]) => x * p + y * q));
    return Math.max(...ours) > Math.min(...theirs) && Math.max(...theirs) > Math.min(...ours);
  });
}
