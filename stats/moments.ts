/**
 * Mean and spread of a stream of values that stays on the device: the state is three tensors, updated inside a
 * recorded program, so that only the final numbers are read back. Chan, Golub & LeVeque (1979): to n values of mean
 * a and sum of squared deviations s, a group of m values with mean b and squares t adds up to
 *   mean a + (b - a) m/(n + m),   squares s + t + (b - a)² n m/(n + m)
 * which, unlike Σx² - (Σx)²/n, loses no digits when the mean is large against the spread.
 */
import {
  add,
  div,
  mean as meanOf,
  mul,
  square,
  sub,
  sum,
  zeros,
  type Shape,
  type Tensor,
} from '../engine/index.ts';

export type Moments = {
  /** Values seen, f32 scalar: exact up to 2^24. */
  readonly count: Tensor;
  readonly mean: Tensor;
  /** Σ (x - mean)²: a sum, not divided. */
  readonly squares: Tensor;
};

/** Of no values, each of the given shape. */
export function emptyMoments(shape: Shape = []): Moments {
  return { count: zeros([]), mean: zeros(shape), squares: zeros(shape) };
}

/** Adds a group of values [m, ...shape]. */
export function observe({ count, mean, squares }: Moments, values: Tensor): Moments {
  const group = values.shape[0] as number;
  const groupMean = meanOf(values, 0);
  const groupSquares = sum(square(sub(values, meanOf(values, 0, true))), 0);
  const total = add(count, group);
  const difference = sub(groupMean, mean);
  return {
    count: total,
    mean: add(mean, mul(difference, div(group, total))),
    squares: add(add(squares, groupSquares), mul(square(difference), mul(count, div(group, total)))),
  };
}

/** A mean and how well it is known. */
export interface Estimate {
  readonly value: number;
  /** One standard error, in the unit of the value. */
  readonly standardError: number;
}

/**
 * The mean of the values, with the standard error of independent draws, √(Σ(x - mean)² / (n - 1) / n): one estimate
 * per element.
 */
export async function readEstimates({ count, mean, squares }: Moments): Promise<Estimate[]> {
  const [n, means, sums] = [await count.item(), await mean.data(), await squares.data()];
  return Array.from(means, (value, k) => ({ value, standardError: Math.sqrt(sums[k]! / (n - 1) / n) }));
}

/**
 * a/b of two independent estimates, by the delta method: to first order the relative errors add in squares,
 *   (se r / r)² = (se a / a)² + (se b / b)²,
 * good to the order of the relative errors themselves, so to a few percent of the error where they are a few percent.
 */
export function ratio(a: Estimate, b: Estimate): Estimate {
  const value = a.value / b.value;
  return {
    value,
    standardError: Math.abs(value) * Math.hypot(a.standardError / a.value, b.standardError / b.value),
  };
}
