/**
 * Noise-enhanced SGD: from two independent minibatches B and B' of one size, the descent direction
 *   d = α g(B) + (1 - α) g(B')
 * has the mean of a plain minibatch gradient and (α² + (1 - α)²) times its covariance, since the coefficients add
 * up to 1 and the noises are independent. For α > 1 or α < 0 this enhances the noise, between 0 and 1 it reduces it.
 *
 * The gradient is linear in the weights of the examples, so one backward pass over the 2B examples of both batches,
 * weighted α/B and (1 - α)/B, gives the same d (`one-pass`), if no layer couples examples of the two. Layers that couple
 * those of one batch, such as batch normalisation, must be told how many batches there are: the loss is.
 */
import {
  add,
  concat,
  full,
  LangevinError,
  mul,
  tree,
  valueAndGrad,
  type Tensor,
  type Tree,
} from '../engine/index.ts';

/**
 * Σ_i weights_i · loss of example i.
 * @param batch a tree whose leaves have the examples along their first axis
 * @param weights [B] f32
 * @param batches how many minibatches of one size lie one after the other in `batch`: what layers take as
 *   `context.batches`. Models without batch normalisation need not look at it
 */
export type WeightedLoss<P extends Tree, B extends Tree> = (
  params: P,
  batch: B,
  weights: Tensor,
  batches: number,
) => Tensor;

/** What takes a weighted loss to the gradient of one step. The value is the loss combined as the gradient is. */
export interface GradientRule {
  /** How many batches a step takes. */
  readonly batches: 1 | 2;
  gradient<P extends Tree, B extends Tree>(
    loss: WeightedLoss<P, B>,
  ): (params: P, batch: B, second?: B) => [value: Tensor, gradient: P];
}

export interface NoiseEnhancementOptions {
  /** α: the coefficient of the first batch. At 1 (or 0) the other batch is not looked at. */
  readonly alpha: number;
  /** Default `one-pass`. Batches of different sizes take two passes in either form. */
  readonly form?: 'one-pass' | 'two-pass';
}

/** Plain SGD: the mean gradient of one minibatch. */
export const plainGradient: GradientRule = {
  batches: 1,
  gradient: (loss) => (params, batch) => meanGradient(loss, params, batch),
};

/**
 * α g(B) + (1 - α) g(B'), for any optimizer to consume in place of the gradient.
 *
 *     const step = jit((state, batch, second) => {
 *       const [loss, gradient] = noiseEnhanced({ alpha: 1.5 }).gradient(lossOf)(state.params, batch, second);
 *       const [updates, optimizer] = sgd({ learningRate: 0.1 }).update(gradient, state.optimizer, state.params);
 *       return [{ params: applyUpdates(state.params, updates), optimizer }, loss];
 *     }, { donate: [0] });
 *
 * @throws ARITY if α needs a second batch and there is none
 */
export function noiseEnhanced({ alpha, form = 'one-pass' }: NoiseEnhancementOptions): GradientRule {
  if (!Number.isFinite(alpha))
    throw new LangevinError(
      'NOISE_ENHANCEMENT',
      `noiseEnhanced: alpha is ${alpha}; it must be a finite number.`,
    );
  return {
    batches: alpha === 1 ? 1 : 2,
    gradient: (loss) => (params, batch, second) => {
      if (alpha === 1) return meanGradient(loss, params, batch);
      if (second === undefined)
        throw new LangevinError('ARITY', `noiseEnhanced: alpha ${alpha} needs a second minibatch: pass one.`);
      if (alpha === 0) return meanGradient(loss, params, second);
      // Batches of two sizes cannot be told apart by their number.
      return form === 'one-pass' && exampleCount(batch) === exampleCount(second)
        ? joinedGradient(alpha, loss, params, batch, second)
        : combinedGradient(alpha, loss, params, batch, second);
    },
  };
}

/**
 * α g(B) + (1 - α) G, with the full gradient G of the second argument, which holds the whole training set: the
 * covariance factor is α². Costs a pass over all data per step; it is the standard that `noiseEnhanced` is held to.
 */
export function naiveEnhancement(options: NoiseEnhancementOptions): GradientRule {
  return noiseEnhanced(options);
}

/** B / (α² + (1 - α)²): the batch size at which plain SGD has the noise covariance of α at `batchSize`. */
export function effectiveBatchSize(batchSize: number, alpha: number): number {
  return batchSize / (alpha ** 2 + (1 - alpha) ** 2);
}

function meanGradient<P extends Tree, B extends Tree>(
  loss: WeightedLoss<P, B>,
  params: P,
  batch: B,
): [Tensor, P] {
  const count = exampleCount(batch);
  return valueAndGrad((p: P) => loss(p, batch, full([count], 1 / count), 1))(params);
}

function joinedGradient<P extends Tree, B extends Tree>(
  alpha: number,
  loss: WeightedLoss<P, B>,
  params: P,
  batch: B,
  second: B,
): [Tensor, P] {
  const count = exampleCount(batch);
  const both = tree.map((a, b) => concat([a, b]), batch, second);
  const weights = concat([full([count], alpha / count), full([count], (1 - alpha) / count)]);
  return valueAndGrad((p: P) => loss(p, both, weights, 2))(params);
}

function combinedGradient<P extends Tree, B extends Tree>(
  alpha: number,
  loss: WeightedLoss<P, B>,
  params: P,
  batch: B,
  second: B,
): [Tensor, P] {
  const combine = (a: Tensor, b: Tensor): Tensor => add(mul(a, alpha), mul(b, 1 - alpha));
  const [value, gradient] = meanGradient(loss, params, batch);
  const [secondValue, secondGradient] = meanGradient(loss, params, second);
  return [combine(value, secondValue), tree.map((a, b) => combine(a, b), gradient, secondGradient)];
}

/** The extent of the first axis, which all leaves of a batch share. @throws SHAPE if they do not */
export function exampleCount(batch: Tree): number {
  const extents = new Set(tree.leaves(batch).map((leaf) => leaf.shape[0] ?? 0));
  const [count = 0] = extents;
  if (extents.size !== 1 || count === 0)
    throw new LangevinError(
      'SHAPE',
      `gradient: the leaves of a batch hold ${[...extents].join(' and ') || 'no'} examples: all need one positive number of them.`,
    );
  return count;
}
