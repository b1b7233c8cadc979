/**
 * Discarding the examples that a model already fits (CL, section 4.3): of a batch of B, the ⌈(1 - p)B⌉ examples with the
 * highest losses are kept, and the step is made for their mean loss. At p = 0 it is the mean loss of the batch, bit
 * for bit. The choice itself is a constant of differentiation.
 */
import {
  argsort,
  full,
  grad,
  greaterEqual,
  LangevinError,
  mul,
  sum,
  valueAndGrad,
  where,
  type Tensor,
  type Tree,
} from '../engine/index.ts';
import { exampleCount, type GradientRule, type WeightedLoss } from './noise-enhancement.ts';

/** ⌈(1 - p)B⌉, at least 1: how many of B examples are kept when the share p is discarded. */
export function keptCount(batchSize: number, discard: number): number {
  if (!(discard >= 0 && discard < 1))
    throw new LangevinError('DISCARD', `discardSmallLosses: the share is ${discard}; it must lie in [0, 1).`);
  if (!(Number.isInteger(batchSize) && batchSize > 0))
    throw new LangevinError(
      'DISCARD',
      `discardSmallLosses: ${batchSize} losses; give a vector of at least one.`,
    );
  // (1 - 0.7) · 10 is 3.0000000000000004 in float64 and means 3.
  return Math.max(1, Math.ceil((1 - discard) * batchSize - 1e-9));
}

/**
 * Weights over the examples of a batch: 1/kept at the highest losses, 0 elsewhere, so that their sum is 1.
 * Of equal losses the later ones are kept; NaN counts as highest, so divergence is not hidden.
 * @param losses [B], one per example
 * @param discard p, in [0, 1)
 * @throws DISCARD if p is not
 */
export function highestLossWeights(losses: Tensor, discard: number): Tensor {
  const kept = requireKept(losses, discard);
  return mul(where(highest(losses, kept), full(losses.shape, 1, 'f32'), 0), 1 / kept);
}

/** The mean of the ⌈(1 - p)B⌉ highest of the losses [B]; differentiable in these. @throws DISCARD unless 0 <= p < 1 */
export function discardSmallLosses(losses: Tensor, discard: number): Tensor {
  const kept = requireKept(losses, discard);
  const remaining = kept === losses.size ? losses : where(highest(losses, kept), losses, 0);
  return mul(sum(remaining), 1 / kept);
}

/**
 * Plain SGD on the mean of a batch's highest losses, for whatever takes a gradient rule. The weighted loss is linear in
 * its weights, so its gradient by them is the list of the examples' losses: one more forward pass.
 */
export function discardingSmallLosses({ discard }: { readonly discard: number }): GradientRule {
  keptCount(1, discard);
  return {
    batches: 1,
    gradient:
      <P extends Tree, B extends Tree>(loss: WeightedLoss<P, B>) =>
      (params: P, batch: B): [Tensor, P] => {
        const count = exampleCount(batch);
        const equal = full([count], 1 / count);
        const weights =
          discard === 0
            ? equal
            : highestLossWeights(grad((w: Tensor) => loss(params, batch, w, 1))(equal), discard);
        return valueAndGrad((p: P) => loss(p, batch, weights, 1))(params);
      },
  };
}

function requireKept(losses: Tensor, discard: number): number {
  if (losses.rank !== 1)
    throw new LangevinError(
      'DISCARD',
      `discardSmallLosses: the losses are shaped [${losses.shape.join(', ')}]; give one per example, [B].`,
    );
  return keptCount(losses.size, discard);
}

/** Where the rank of a loss, from 0 for the smallest, is among the last `kept`: argsort twice gives ranks. */
function highest(losses: Tensor, kept: number): Tensor {
  return greaterEqual(argsort(argsort(losses)), losses.size - kept);
}
