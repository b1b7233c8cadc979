/**
 * What theory says of minibatch noise. C is the covariance of the per-example gradients over the training set with
 * divisor N (not N - 1); G_B is the mean gradient of a minibatch of B.
 */
import { LangevinError } from '../engine/index.ts';

/**
 * Cov(α G_B + (1 - α) G_B') / Cov(G_B) for independent B and B': α² + (1 - α)². Symmetric under α <-> 1 - α, least
 * (½, two batches averaged) at α = ½.
 */
export function neFactor(alpha: number): number {
  return alpha ** 2 + (1 - alpha) ** 2;
}

/**
 * Cov(G_B) / C for a batch drawn uniformly without replacement: (N - B) / (B (N - 1)), 0 at B = N. Two examples
 * of one batch are then correlated by -1/(N - 1); with replacement they are not, and the factor is 1/B.
 */
export function finitePopulationFactor(count: number, batchSize: number): number {
  requireBatch('finitePopulationFactor', count, batchSize, count);
  return count === 1 ? 0 : (count - batchSize) / (batchSize * (count - 1));
}

/** Cov(G_B) / C with replacement: 1/B. */
export function replacementFactor(batchSize: number): number {
  return 1 / batchSize;
}

/**
 * As {@link neFactor}, for B and B' forced to be disjoint, B ≤ N/2: then Cov(G_B, G_B') = -C/(N - 1), so
 * α² + (1 - α)² + 2 α (α - 1) B/(N - B); at N = 2B it is (2α - 1)².
 */
export function disjointFactor(alpha: number, count: number, batchSize: number): number {
  requireBatch('disjointFactor', count, batchSize, count / 2);
  return neFactor(alpha) + (2 * alpha * (alpha - 1) * batchSize) / (count - batchSize);
}

function requireBatch(what: string, count: number, batchSize: number, most: number): void {
  if (!(batchSize >= 1 && batchSize <= most))
    throw new LangevinError(
      'BATCH_TOO_LARGE',
      `${what}: a batch of ${batchSize} out of ${count}: give a batch size from 1 to ${Math.floor(most)}.`,
    );
}
