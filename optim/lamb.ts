/**
 * LAMB (You et al. 2020, algorithm 2, φ the identity): per group, a leaf of the tree,
 *   u = m̂/(√v̂ + eps) + β w        w <- w - rate · (‖w‖/‖u‖) u
 * The decay is decoupled from Adam's average but not from the norm. Where either norm is below 1e-12 the ratio is 1:
 * the group takes Adam's step at the global rate.
 */
import { div, less, logicalOr, mul, tree, where, type Tensor } from '../engine/index.ts';
import { scaleByAdam } from './adam.ts';
import { requireNotNegative } from './check.ts';
import { scaleByLearningRate } from './learning-rate.ts';
import { norm } from './magnitude.ts';
import { addDecayedWeights, type AdamOptimizerOptions } from './optimizers.ts';
import { chain, stateless, type GradientTransformation, type Stateless } from './transformation.ts';

/** Multiplies the update u of every group by ‖w‖/‖u‖, or by 1 where that has no value. */
export function scaleByTrustRatio(): GradientTransformation<Stateless> {
  return stateless((updates, params) => tree.map((u, w) => mul(u, trustRatio(w, u)), updates, params));
}

function trustRatio(w: Tensor, u: Tensor): Tensor {
  const [weight, update] = [norm(w), norm(u)];
  const missing = logicalOr(less(weight, 1e-12), less(update, 1e-12));
  return where(missing, 1, div(weight, where(missing, 1, update)));
}

/** LAMB with rate 1e-3, β1 0.9, β2 0.999, eps 1e-6 and `weightDecay` 0.01. */
export function lamb({
  learningRate = 1e-3,
  weightDecay = 0.01,
  eps = 1e-6,
  ...options
}: AdamOptimizerOptions = {}): GradientTransformation {
  requireNotNegative('lamb', { weightDecay, eps });
  return chain(
    scaleByAdam({ ...options, eps }),
    addDecayedWeights(weightDecay),
    scaleByTrustRatio(),
    scaleByLearningRate(learningRate),
  );
}
