/**
 * The noise of minibatch gradients exactly: every batch, or pair of batches, that could have been drawn is taken
 * once, in float64. For small data sets, as a standard for everything that samples.
 */
import { LangevinError } from '../engine/index.ts';

export interface EnumerationOptions {
  /** Gradient of every example: N rows of P numbers. */
  readonly gradients: readonly ArrayLike<number>[];
  readonly batchSize: number;
  /** Default 1: plain SGD. */
  readonly alpha?: number;
  /** What the second batch is: drawn on its own, from the examples outside the first, or all examples. Default `independent`. */
  readonly second?: 'independent' | 'disjoint' | 'full';
  /** Whether an example may come twice in a batch. Default false. */
  readonly replacement?: boolean;
}

/** Exact moments of the noise d - G, where d = α G_B + (1 - α) G_B' and G is the mean over all examples. */
export interface ExactNoise {
  /** Equally likely pairs of batches, all of which were taken. */
  readonly pairs: number;
  /** [P]: 0 up to rounding. */
  readonly mean: Float64Array;
  /** [P, P] row-major: the mean of (d - E d)(d - E d)ᵀ over all pairs. */
  readonly covariance: Float64Array;
}

/** @throws BATCH_TOO_LARGE if no such batches exist; ENUMERATION_TOO_LARGE beyond ten million pairs */
export function enumerateNoise({
  gradients,
  batchSize,
  alpha = 1,
  second = 'independent',
  replacement = false,
}: EnumerationOptions): ExactNoise {
  const count = gradients.length;
  const largest = second === 'disjoint' ? count / 2 : count;
  if (!replacement && batchSize > largest)
    throw new LangevinError(
      'BATCH_TOO_LARGE',
      `enumerateNoise: ${second} batches of ${batchSize} cannot be drawn from ${count} examples: take at most ${Math.floor(largest)}.`,
    );
  const batches = replacement ? tuples(count, batchSize) : subsets(count, batchSize);
  if (batches.length ** 2 > 1e7)
    throw new LangevinError(
      'ENUMERATION_TOO_LARGE',
      `enumerateNoise: ${batches.length} batches make ${batches.length ** 2} pairs: take fewer examples or smaller batches.`,
    );
  const everything = meanRow(
    gradients,
    gradients.map((_, k) => k),
  );
  const means = batches.map((batch) => meanRow(gradients, batch));
  const dimension = everything.length;
  const moments = {
    pairs: 0,
    mean: new Float64Array(dimension),
    covariance: new Float64Array(dimension ** 2),
  };
  const noise = new Float64Array(dimension);
  batches.forEach((batch, a) => {
    const partners =
      second === 'full'
        ? [everything]
        : means.filter(
            (_, b) => second === 'independent' || disjoint(batch, batches[b] as readonly number[]),
          );
    for (const partner of partners) {
      for (let k = 0; k < dimension; k++)
        noise[k] = alpha * means[a]![k]! + (1 - alpha) * partner[k]! - everything[k]!;
      accumulate(moments, noise);
    }
  });
  return finish(moments);
}

/** [P, P] row-major covariance of the rows about their mean, with divisor N: C. */
export function covarianceOverN(rows: readonly ArrayLike<number>[]): Float64Array {
  const center = meanRow(
    rows,
    rows.map((_, k) => k),
  );
  const moments = {
    pairs: 0,
    mean: new Float64Array(center.length),
    covariance: new Float64Array(center.length ** 2),
  };
  for (const row of rows)
    accumulate(
      moments,
      center.map((c, k) => row[k]! - c),
    );
  return finish(moments).covariance;
}

interface Sums {
  pairs: number;
  readonly mean: Float64Array;
  readonly covariance: Float64Array;
}

function accumulate(sums: Sums, x: Float64Array): void {
  sums.pairs++;
  for (let i = 0; i < x.length; i++) {
    sums.mean[i]! += x[i]!;
    for (let j = 0; j < x.length; j++) sums.covariance[i * x.length + j]! += x[i]! * x[j]!;
  }
}

function finish({ pairs, mean, covariance }: Sums): ExactNoise {
  const average = mean.map((sum) => sum / pairs);
  const size = mean.length;
  return {
    pairs,
    mean: average,
    covariance: covariance.map(
      (sum, at) => sum / pairs - average[Math.floor(at / size)]! * average[at % size]!,
    ),
  };
}

function meanRow(rows: readonly ArrayLike<number>[], indices: readonly number[]): Float64Array {
  const result = new Float64Array(rows[0]?.length ?? 0);
  for (const index of indices) for (let k = 0; k < result.length; k++) result[k]! += rows[index]![k]!;
  return result.map((sum) => sum / indices.length);
}

function disjoint(a: readonly number[], b: readonly number[]): boolean {
  return a.every((index) => !b.includes(index));
}

/** Every set of `size` of the numbers below `count`, ascending. */
export function subsets(count: number, size: number): number[][] {
  if (size === 0) return [[]];
  return Array.from({ length: Math.max(0, count - size + 1) }, (_, i) => i + size - 1).flatMap((last) =>
    subsets(last, size - 1).map((rest) => [...rest, last]),
  );
}

function tuples(count: number, size: number): number[][] {
  if (size === 0) return [[]];
  return tuples(count, size - 1).flatMap((rest) => Array.from({ length: count }, (_, i) => [...rest, i]));
}
