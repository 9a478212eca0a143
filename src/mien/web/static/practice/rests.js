// @ts-check
// Pictures of the same face at rest, as far as the names of files and folders tell: "anna/happy.jpg" beside
// "anna/neutral.jpg", "anna-happy-2.jpg" beside "anna-neutral.jpg", "happy/anna.jpg" and "neutral/anna.jpg".

import { nameOf } from "../core/names.js";

const REST = "neutral";
// Words that name no face: the same one may stand in the names of everybody's pictures.
const ANYBODY = new Set([
  ...["img", "image", "images", "pic", "picture", "photo", "face", "faces", "frame", "dsc", "im", "foto"],
  ...[
    "bild",
    "gesicht",
    "test",
    "training",
    "train",
    "val",
    "validation",
    "public",
    "private",
    "privatetest",
  ],
  ...["publictest", "copy", "cropped"],
]);

/**
 * The pictures at rest, by whose face it is.
 *
 * @param {Blob[]} items
 * @returns {Map<string, Blob>}
 */
export function restsOf(items) {
  const found = items.map((item) => ({ item, ...nameIn(item) })).filter(({ look }) => look === REST);
  return new Map(found.reverse().map(({ item, face }) => [face, item]));
}

/**
 * The picture of the same face at rest; undefined where none is known, or for that picture itself.
 *
 * @param {Blob} item
 * @param {Map<string, Blob>} rests
 */
export function restOf(item, rests) {
  const { face, look } = nameIn(item);
  return face === "" || look === REST ? undefined : rests.get(face);
}

// Whose face a file's name tells, "" where it tells nobody's, and the look that it names.
function nameIn(/** @type {any} */ { name = "", webkitRelativePath = "" }) {
  const [stem, folder, ...above] = (webkitRelativePath || name)
    .replace(/\.[^.]*$/, "")
    .split("/")
    .reverse();
  const own = split(stem);
  if (own.look) {
    const inLook = folder !== undefined && split(folder).look;
    const told = own.rest.length ? own.rest.some(isName) : !inLook;
    return { look: own.look, face: told ? key(above, inLook ? "" : folder, own.rest) : "" };
  }
  const { look } = split(folder ?? "");
  return { look, face: look && own.rest.some(isName) ? key(above, "", own.rest) : "" };
}

function key(above, folder, rest) {
  return `${[...above, folder ?? "", ...rest].join("/")}/`;
}

// The look that a name tells, and its other words; a number behind the look only counts pictures.
function split(name) {
  const parts = name.toLowerCase().match(/\p{L}+|\d+/gu) ?? [];
  const at = parts.findIndex((part) => nameOf(part));
  if (at < 0) return { look: undefined, rest: parts };
  const counts = /^\d/.test(parts[at + 1] ?? "") ? 2 : 1;
  return { look: nameOf(parts[at]), rest: [...parts.slice(0, at), ...parts.slice(at + counts)] };
}

function isName(part) {
  return /\p{L}/u.test(part) && !ANYBODY.has(part);
}
