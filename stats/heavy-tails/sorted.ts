/** Samples checked, sorted and centred once for every estimator of a symmetric law. */
import { fail } from '../../engine/graph/errors.ts';

/** Below this, an index of the tail and its standard error mean nothing. */
export const LEAST_SAMPLES = 20;

/** Ascending. @throws EMPTY for fewer than {@link LEAST_SAMPLES}, NON_FINITE, CONSTANT where the middle half does not spread */
export function sortedSamples(caller: string, samples: ArrayLike<number>): Float64Array {
  const sorted = Float64Array.from(samples).sort();
  if (sorted.length < LEAST_SAMPLES)
    fail('EMPTY', `${caller}: ${sorted.length} samples are too few: pass at least ${LEAST_SAMPLES}.`);
  if (!sorted.every(Number.isFinite))
    fail('NON_FINITE', `${caller}: the samples hold NaN or infinity: look at what they were measured from.`);
  const spread = quantileOf(sorted, 0.75) - quantileOf(sorted, 0.25);
  if (!(spread > 0))
    fail(
      'CONSTANT',
      `${caller}: half of the ${sorted.length} samples are ${sorted[sorted.length >> 1]}, so no scale can be fitted: leave this coordinate out.`,
    );
  return sorted;
}

/** The quantile of sorted numbers, linear between (k + 1/2)/n, which makes it unbiased for symmetric laws. */
export function quantileOf(sorted: Float64Array, probability: number): number {
  const position = Math.min(Math.max(probability * sorted.length - 0.5, 0), sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] as number;
  return low + (position - below) * ((sorted[below + 1] ?? low) - low);
}

/** |x - median|. By symmetry the error of the centre does not move the estimates of α and σ to first order. */
export function distancesFromMedian(sorted: Float64Array): Float64Array {
  const median = quantileOf(sorted, 0.5);
  return sorted.map((x) => Math.abs(x - median));
}
