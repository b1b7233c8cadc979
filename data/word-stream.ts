/**
 * A stream of random words on the host: what the procedural images are drawn from. The words are
 * Threefry-2x32 blocks counted 0, 1, 2, ... under one key, both words of a block in order.
 */
import { threefry2x32, type Words } from '../engine/random/threefry.ts';

/** A sequence of random words; every call advances it. */
export interface WordStream {
  /** The next word, an integer in [0, 2^32). */
  next(): number;
  /** A number in [low, high), one of 2^32 equally spaced. */
  between(low: number, high: number): number;
  /** An integer in [0, n), every one equally likely. */
  below(n: number): number;
}

/** The stream of words under `key`, from its beginning. */
export function wordStream(key: Words): WordStream {
  let block = 0;
  let second: number | undefined;
  const next = (): number => {
    if (second !== undefined) {
      const word = second;
      second = undefined;
      return word;
    }
    const pair = threefry2x32(key, [0, block]);
    block += 1;
    second = pair[1];
    return pair[0];
  };
  return {
    next,
    between: (low, high) => low + (high - low) * (next() / 0x100000000),
    below(n) {
      // Words at or above the largest multiple of n are drawn again, so that every residue is equally likely.
      const limit = 0x100000000 - (0x100000000 % n);
      let word = next();
      while (word >= limit) word = next();
      return word % n;
    },
  };
}
