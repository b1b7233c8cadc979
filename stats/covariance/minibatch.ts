/** From the covariance C of single gradients (divisor N) to the noise of an optimizer's steps. */
import { fail } from '../../engine/graph/errors.ts';
import { disjointFactor, finitePopulationFactor, neFactor, replacementFactor } from '../predictions.ts';

export interface MinibatchSampling {
  /** N and B, in units: with ghost batches both count ghost batches. */
  readonly count: number;
  readonly batchSize: number;
  /** Whether a unit may come twice in a batch. Default false. */
  readonly replacement?: boolean;
  /** Of noise enhancement, α G_B + (1 - α) G_B'; default 1, plain SGD. */
  readonly alpha?: number;
  /** How the second batch is drawn: on its own, outside the first, or all examples. Default `independent`. */
  readonly second?: 'independent' | 'disjoint' | 'full';
}

/**
 * Cov(d) / C of the step's direction d. Without replacement (N - B)/(B (N - 1)), with replacement 1/B; times
 * α² + (1 - α)² for two independent batches, α² where the second is the whole set.
 *
 * @throws BATCH_TOO_LARGE for batches that cannot be drawn; SAMPLING for disjoint batches with replacement
 */
export function minibatchCovarianceFactor({
  count,
  batchSize,
  replacement = false,
  alpha = 1,
  second = 'independent',
}: MinibatchSampling): number {
  if (replacement && second === 'disjoint')
    fail(
      'SAMPLING',
      'minibatchCovarianceFactor: batches drawn with replacement are not disjoint: take one of the two.',
    );
  const one = replacement ? replacementFactor(batchSize) : finitePopulationFactor(count, batchSize);
  switch (second) {
    case 'independent':
      return neFactor(alpha) * one;
    case 'full':
      return alpha ** 2 * one;
    case 'disjoint':
      return disjointFactor(alpha, count, batchSize) * one;
  }
}
