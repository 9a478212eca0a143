// @ts-check
// Files as one: a ZIP archive (PKWARE's APPNOTE 6.3.3), without compression, which pictures have already.

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
const UTF8 = 1 << 11; // in which the names are
const DATE = (1 << 5) | 1; // 1 January 1980, the first that there is: nobody need know when a face was kept

/** @typedef {{ name: string, data: Uint8Array<ArrayBuffer> }} Entry */

/**
 * @param {Entry[]} entries their names with slashes, relative
 * @returns {Blob}
 */
export function zip(entries) {
  const parts = /** @type {Uint8Array<ArrayBuffer>[]} */ ([]);
  const directory = /** @type {Uint8Array<ArrayBuffer>[]} */ ([]);
  let offset = 0;
  for (const { name, data } of entries) {
    const called = new TextEncoder().encode(name);
    const facts = [VERSION, UTF8, 0, 0, DATE];
    const sizes = [crc32(data), data.length, data.length];
    const head = record([LOCAL], facts, sizes, [called.length, 0]);
    parts.push(head, called, data);
    directory.push(
      record([CENTRAL], [VERSION, ...facts], sizes, [called.length, 0, 0, 0, 0], [0, offset]),
      called,
    );
    offset += head.length + called.length + data.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = record([END], [0, 0, entries.length, entries.length], [size, offset], [0]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/**
 * Numbers of four bytes, of two, and so on in turn, the lowest byte first.
 *
 * @param {number[][]} groups
 */
function record(...groups) {
  const bytes = groups.flatMap((group, index) => {
    const size = index % 2 ? 2 : 4;
    return group.flatMap((value) => Array.from({ length: size }, (_, byte) => (value >>> (8 * byte)) & 255));
  });
  return Uint8Array.from(bytes);
}

/** @param {Uint8Array} data */
function crc32(data) {
  let crc = -1;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
