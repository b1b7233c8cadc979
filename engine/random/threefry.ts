/**
 * Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
 * additions, rotations and xors only, so the host and every adapter give the same bits. The shader's
 * version is `threefry2x32` in shaders/math.wgsl.
 */

export type Words = readonly [number, number];

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/** One block: two words of key and two of counter give two words of output. */
export function threefry2x32(key: Words, counter: Words): [number, number] {
  const schedule = [key[0], key[1], key[0] ^ key[1] ^ 0x1bd11bda] as const;
  let x0 = (counter[0] + schedule[0]) | 0;
  let x1 = (counter[1] + schedule[1]) | 0;
  for (let group = 0; group < 5; group++) {
    for (let round = 0; round < 4; round++) {
      const r = ROTATIONS[((group % 2) * 4 + round) as 0];
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << r) | (x1 >>> (32 - r))) ^ x0;
    }
    x0 = (x0 + schedule[((group + 1) % 3) as 0]) | 0;
    x1 = (x1 + schedule[((group + 2) % 3) as 0] + group + 1) | 0;
  }
  return [x0 >>> 0, x1 >>> 0];
}

/** A key of a 53-bit seed: its high and low words. */
export function seedWords(seed: number): [number, number] {
  return [Math.floor(seed / 2 ** 32) >>> 0, seed >>> 0];
}

/** A new key from a key and a number: streams that differ in `data` are independent. */
export function foldInWords(key: Words, data: number): [number, number] {
  return threefry2x32(key, [0, data >>> 0]);
}

/** 32 random bits for element `index` of a stream. */
export function bitsAt(key: Words, index: number): number {
  const [a, b] = threefry2x32(key, [Math.floor(index / 2 ** 32), index >>> 0]);
  return (a ^ b) >>> 0;
}
