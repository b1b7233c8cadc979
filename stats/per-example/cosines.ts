/** What the matrix of inner products K_μν = ⟨g_μ, g_ν⟩ says of how far gradients agree. Pure functions of float64 numbers. */
import { fail } from '../../engine/graph/errors.ts';

export interface CosineStatistics {
  /** Units whose gradient is not 0, and those whose gradient is, which have no cosine and are left out. */
  readonly count: number;
  readonly zeroGradients: number;
  /** Over the pairs μ < ν: mean, standard deviation (divisor: pairs), extremes, and the share that is negative. */
  readonly meanOverPairs: number;
  readonly standardDeviationOverPairs: number;
  readonly smallest: number;
  readonly largest: number;
  readonly negativeShare: number;
  /** ⟨g_μ, G⟩ / (|g_μ| |G|), over units: mean. G is the mean over all units. */
  readonly meanWithMean: number;
}

/**
 * Cosines of all pairs of gradients.
 * @param gram [N, N] row-major
 * @throws EXAMPLE_COUNT for less than two gradients that are not 0
 */
export function cosineStatistics(gram: ArrayLike<number>): CosineStatistics {
  const all = sizeOfGram('cosineStatistics', gram);
  const at = (mu: number, nu: number): number => gram[mu * all + nu] as number;
  const kept = Array.from({ length: all }, (_, mu) => mu).filter((mu) => at(mu, mu) > 0);
  const count = kept.length;
  if (count < 2)
    fail('EXAMPLE_COUNT', `cosineStatistics: ${count} of ${all} gradients are not 0: cosines need two.`);
  const lengths = kept.map((mu) => Math.sqrt(at(mu, mu)));
  let [sum, squares, negative, smallest, largest] = [0, 0, 0, Infinity, -Infinity];
  for (let i = 0; i < count; i++)
    for (let j = i + 1; j < count; j++) {
      const cosine = at(kept[i]!, kept[j]!) / (lengths[i]! * lengths[j]!);
      sum += cosine;
      squares += cosine ** 2;
      negative += Number(cosine < 0);
      smallest = Math.min(smallest, cosine);
      largest = Math.max(largest, cosine);
    }
  const pairs = (count * (count - 1)) / 2;
  const meanOverPairs = sum / pairs;
  const { alongMean, squaredNormOfMean } = meanProducts(gram);
  const length = Math.sqrt(squaredNormOfMean);
  return {
    count,
    zeroGradients: all - count,
    meanOverPairs,
    standardDeviationOverPairs: Math.sqrt(Math.max(0, squares / pairs - meanOverPairs ** 2)),
    smallest,
    largest,
    negativeShare: negative / pairs,
    meanWithMean:
      length === 0
        ? 0
        : kept.reduce((total, mu, i) => total + alongMean[mu]! / (lengths[i]! * length), 0) / count,
  };
}

/** ⟨g_μ, G⟩ for every unit, and |G|², of the mean G over all units. */
export function meanProducts(gram: ArrayLike<number>): {
  readonly alongMean: Float64Array;
  readonly squaredNormOfMean: number;
} {
  const count = sizeOfGram('meanProducts', gram);
  const alongMean = new Float64Array(count);
  for (let mu = 0; mu < count; mu++) {
    for (let nu = 0; nu < count; nu++) alongMean[mu]! += gram[mu * count + nu]!;
    alongMean[mu]! /= count;
  }
  return { alongMean, squaredNormOfMean: alongMean.reduce((sum, value) => sum + value, 0) / count };
}

/** Gradient diversity of Yin et al. (2018), Σ|g_μ|² / |Σ g_μ|², and the batch size N times it, up to which SGD gains. */
export interface GradientDiversity {
  readonly diversity: number;
  readonly batchSizeBound: number;
}

/**
 * From 1/N, of equal gradients, through 1, of orthogonal ones, to infinity, of such that cancel.
 * @param secondMomentOverN (1/N) Σ_μ |g_μ|²
 */
export function gradientDiversity(
  count: number,
  secondMomentOverN: number,
  squaredNormOfMean: number,
): GradientDiversity {
  if (!(count >= 1 && secondMomentOverN > 0 && squaredNormOfMean >= 0))
    fail(
      'GRADIENTS',
      `gradientDiversity: ${count} gradients of mean square ${secondMomentOverN} with |mean|² = ${squaredNormOfMean} have none: it is defined for gradients that are not all 0.`,
    );
  const batchSizeBound = secondMomentOverN / squaredNormOfMean;
  return { diversity: batchSizeBound / count, batchSizeBound };
}

function sizeOfGram(what: string, { length }: ArrayLike<number>): number {
  const count = Math.round(Math.sqrt(length));
  if (count ** 2 !== length || count === 0)
    fail('SHAPE', `${what}: ${length} numbers are no square matrix of inner products.`);
  return count;
}
