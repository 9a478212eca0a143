// What the tests of the twins share: reading vectors, comparing, and running in node.

const KINDS = {
  uint8: Uint8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** Arrays of numpy, anywhere in a value, become typed arrays. */
export function decoded(value) {
  if (Array.isArray(value)) return value.map(decoded);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.array === "string") {
    const letters = atob(value.data);
    const bytes = new Uint8Array(letters.length);
    for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
    return new KINDS[value.array](bytes.buffer);
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, decoded(one)]));
}

/** Collects what differs by more than it may. */
export class Mismatches {
  lines = [];

  /** Numbers, one by one, may differ by so much. */
  compare(name, found, wanted, tolerance) {
    if (found.length !== wanted.length) {
      this.lines.push(`${name}: ${found.length} numbers instead of ${wanted.length}`);
      return;
    }
    let [worst, at] = [0, -1];
    for (let i = 0; i < wanted.length; i++) {
      const difference = Math.abs(found[i] - wanted[i]);
      if (!(difference <= worst)) [worst, at] = [difference, i];
    }
    if (!(worst <= tolerance)) {
      this.lines.push(`${name}: [${at}] is ${found[at]} instead of ${wanted[at]} (${tolerance} is allowed)`);
    }
  }

  /** Bytes of pictures may differ by one level here and there, where rounding was at its edge. */
  comparePixels(name, found, wanted) {
    this.compare(name, found, wanted, 1);
    const mean = meanDifference(found, wanted);
    if (!(mean <= 0.05)) this.lines.push(`${name}: differs by ${mean} on average`);
  }

  /** Anything that JSON can hold must be the same. */
  same(name, found, wanted) {
    const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
    if (a !== b) this.lines.push(`${name}: ${a} instead of ${b}`);
  }
}

/** How far numbers are apart, on average. */
export function meanDifference(found, wanted) {
  if (found.length !== wanted.length) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let i = 0; i < wanted.length; i++) sum += Math.abs(found[i] - wanted[i]);
  return wanted.length ? sum / wanted.length : 0;
}

/** In node, reads the vectors that the command line names, and prints what `run` finds. */
export async function inNode(run) {
  if (typeof process === "undefined" || !process.argv[2]) return;
  const { readFileSync } = await import("node:fs");
  const lines = await run(JSON.parse(readFileSync(process.argv[2], "utf8")));
  for (const line of lines) console.log(line);
  process.exitCode = lines.length ? 1 : 0;
}
