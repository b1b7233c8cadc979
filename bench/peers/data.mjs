/** Data that any engine can make without a file, as bench/hash.ts and bench/steps.ts make it. */

/** The finalizer of MurmurHash3 on i, as a number in [0, 1). */
export function hash(i) {
  let h = Math.imul(i ^ (i >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

export const sizeOf = (shape) => shape.reduce((product, extent) => product * extent, 1);

export const symmetric = (u) => 2 * u - 1;

/** As many numbers as `shape` has: `f` of the hashes from `seed` on. */
export function hashed(shape, seed, f = (u) => u) {
  return Float32Array.from({ length: sizeOf(shape) }, (_, i) => f(hash(i + seed)));
}

/** Weights of layer k, uniform with variance 2/inputs; the last axis is that of the outputs. */
export function weights(shape, k) {
  const limit = Math.sqrt((6 * shape.at(-1)) / sizeOf(shape));
  return hashed(shape, (k + 1) << 24, (u) => limit * symmetric(u));
}

/** One of ten labels for each example. */
export function labels(batch) {
  return Int32Array.from({ length: batch }, (_, i) => Math.floor(10 * hash(i + (255 << 24))));
}
