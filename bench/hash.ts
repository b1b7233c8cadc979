/** Data that any engine can make without a file: a hash of the position. */

/** The finalizer of MurmurHash3 on `i`, as a number in [0, 1). */
export function hash(i: number): number {
  let h = Math.imul(i ^ (i >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/** `size` numbers: `f` of the hashes from `seed` on. */
export function fill(
  size: number,
  seed: number,
  f: (u: number) => number = (u) => u,
): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: size }, (_, i) => f(hash(i + seed)));
}

/** In [-1, 1). */
export function symmetric(u: number): number {
  return 2 * u - 1;
}
