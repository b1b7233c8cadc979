/** The optimizers by their names: chains of transformations. */
import { add, mul, tree } from '../engine/index.ts';
import { scaleByAdam, type AdamOptions } from './adam.ts';
import { requireNotNegative } from './check.ts';
import { scaleByLearningRate, type LearningRate } from './learning-rate.ts';
import { trace } from './momentum.ts';
import { chain, stateless, type GradientTransformation, type Stateless } from './transformation.ts';

/**
 * Adds `rate` times the parameters to the updates. Before momentum or Adam this is the gradient of an L2 penalty
 * ½ · rate · |w|² (coupled: Adam then divides it by √v̂ with everything else); after them it is decoupled decay
 * (Loshchilov & Hutter 2019), which shrinks every weight by the same share.
 * @throws OPTIMIZER for a rate that is negative or no number
 */
export function addDecayedWeights(rate: number): GradientTransformation<Stateless> {
  requireNotNegative('addDecayedWeights', { rate });
  return stateless((updates, params) =>
    rate === 0 ? updates : tree.map((u, w) => add(u, mul(w, rate)), updates, params),
  );
}

export interface SgdOptions {
  readonly learningRate: LearningRate;
  /** Default 0: plain gradient descent. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
  /** Coupled: the factor of ½|w|² added to the loss. Default 0. */
  readonly weightDecay?: number;
}

/** w <- w - rate · v, where v is the gradient, or its trace with momentum. */
export function sgd({
  learningRate,
  momentum = 0,
  nesterov = false,
  weightDecay = 0,
}: SgdOptions): GradientTransformation {
  return chain(
    ...(weightDecay === 0 ? [] : [addDecayedWeights(weightDecay)]),
    ...(momentum === 0 ? [] : [trace({ momentum, nesterov })]),
    scaleByLearningRate(learningRate),
  );
}

export interface AdamOptimizerOptions extends AdamOptions {
  /** Default 1e-3. */
  readonly learningRate?: LearningRate;
  /** Coupled: the factor of ½|w|² added to the loss. Default 0. */
  readonly weightDecay?: number;
}

/** Adam with rate 1e-3, β1 0.9, β2 0.999 and eps 1e-7. */
export function adam({
  learningRate = 1e-3,
  weightDecay = 0,
  ...options
}: AdamOptimizerOptions = {}): GradientTransformation {
  return chain(
    ...(weightDecay === 0 ? [] : [addDecayedWeights(weightDecay)]),
    scaleByAdam(options),
    scaleByLearningRate(learningRate),
  );
}

/** Adam with decoupled decay: besides Adam's step, w <- w - rate · weightDecay · w. `weightDecay` is 0.01 by default. */
export function adamw({
  learningRate = 1e-3,
  weightDecay = 0.01,
  ...options
}: AdamOptimizerOptions = {}): GradientTransformation {
  return chain(scaleByAdam(options), addDecayedWeights(weightDecay), scaleByLearningRate(learningRate));
}
