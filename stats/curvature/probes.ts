/**
 * Random vectors z with E z zᵀ = 1, and what means over them are worth. E zᵀ A z = tr A and E |A z|² = |A|²_F for any such
 * distribution. Rademacher's signs have the least variance for the trace of a symmetric matrix, 2 Σ_{i≠j} A_ij², against
 * 2 |A|²_F of normal probes (Hutchinson, 1990).
 */
import { bitAnd, equal, random, where, type Tensor } from '../../engine/index.ts';
import type { Estimate } from '../moments.ts';
import { finite } from './operator.ts';

export type ProbeKind = 'rademacher' | 'gaussian';

export interface ProbeOptions {
  /** u32[2]: the same key gives the same probes, and so the same result. */
  readonly key: Tensor;
  /** How many. */
  readonly probes?: number;
  /** Default `rademacher`. */
  readonly distribution?: ProbeKind;
}

/** Probe number `index` of a key, [dimension]. */
export function probe(
  key: Tensor,
  index: number,
  dimension: number,
  distribution: ProbeKind = 'rademacher',
): Tensor {
  const own = random.foldIn(key, index);
  return distribution === 'gaussian'
    ? random.normal(own, [dimension])
    : where(equal(bitAnd(random.bits(own, [dimension]), 1), 1), 1, -1);
}

/**
 * The mean of independent values and its standard error √(Σ(x - mean)² / (n - 1) / n); Infinity for one value, of which no
 * scatter is known.
 */
export function meanEstimate(values: readonly number[], what: string): Estimate {
  const n = values.length;
  values.forEach((value) => finite(value, what));
  const value = values.reduce((sum, x) => sum + x, 0) / n;
  const squares = values.reduce((sum, x) => sum + (x - value) ** 2, 0);
  return { value, standardError: n > 1 ? Math.sqrt(squares / (n - 1) / n) : Infinity };
}

/**
 * A function of means over independent draws, by the jackknife (Quenouille, 1956; Tukey, 1958): with f_(-k) computed without
 * draw k, the value is n f - (n - 1) mean f_(-k), free of the bias of order 1/n, and the standard error
 * √((n - 1)/n Σ (f_(-k) - mean)²).
 *
 * @param draws one row of numbers per draw
 * @param f of the means of the columns
 */
export function jackknife(
  draws: readonly (readonly number[])[],
  f: (means: readonly number[]) => number,
  what: string,
): Estimate {
  const n = draws.length;
  const sums = (draws[0] ?? []).map((_, j) => draws.reduce((sum, row) => sum + (row[j] as number), 0));
  sums.forEach((sum) => finite(sum, what));
  const whole = f(sums.map((sum) => sum / n));
  if (n < 2) return { value: finite(whole, what), standardError: Infinity };
  const parts = draws.map((row) => f(sums.map((sum, j) => (sum - (row[j] as number)) / (n - 1))));
  const average = parts.reduce((sum, part) => sum + part, 0) / n;
  const scatter = parts.reduce((sum, part) => sum + (part - average) ** 2, 0);
  return {
    value: finite(n * whole - (n - 1) * average, what),
    standardError: Math.sqrt(((n - 1) / n) * scatter),
  };
}
