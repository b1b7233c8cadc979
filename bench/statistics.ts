/** Medians and ratios: what is left of timings on a machine that does other things too. */

/** The middle value; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) throw new Error('median: there are no values.');
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}

/** How many times as fast A is as B, from times taken in turn. */
export interface Ratio {
  /** Median of B's times over median of A's. */
  readonly ratio: number;
  /** The smallest and largest ratio of one round. */
  readonly range: readonly [number, number];
}

/** @param a times of A, one per round; `b` those of B in the same rounds */
export function ratioOf(a: readonly number[], b: readonly number[]): Ratio {
  const perRound = a.map((time, k) => (b[k] as number) / time);
  return { ratio: median(b) / median(a), range: [Math.min(...perRound), Math.max(...perRound)] };
}
