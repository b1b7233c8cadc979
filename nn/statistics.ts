/**
 * Statistics for evaluation, recomputed. Running statistics trail behind the parameters and remember old ones. What the
 * noise-enhancement study evaluates with are the statistics of the parameters as they are: the plain average over one
 * pass through (a part of) the training set. It needs no memory of the batches, since with a rate of 1/k in the k-th
 *   s_k = (1 - 1/k)·s_{k-1} + 1/k·batch_k    is the mean of batch_1 … batch_k,
 * and the state before the first batch has weight 0.
 */
import {
  cast,
  div,
  jit,
  LangevinError,
  random,
  tensor,
  tree,
  zerosLike,
  type Tensor,
  type Tree,
} from '../engine/index.ts';
import type { Context } from './layer.ts';

export interface StatisticsOptions {
  /** For models with `dropout`, which is at work during the pass: u32[2], folded with the number of the batch. */
  readonly key?: Tensor;
}

/** The average of the statistics of batches, at some parameters. */
export interface Recompute<P extends Tree, S extends Tree, B extends Tree> {
  (params: P, state: S, batches: Iterable<B>, options?: StatisticsOptions): S;
  /** Gives the memory of the recorded programs back. */
  dispose(): void;
}

/**
 * A function that averages the statistics of batches under fixed parameters. It records one program for batches of one
 * shape: make it once, and call it whenever the model is to be evaluated.
 *
 *     const recompute = recomputeStatistics((params, state, images, context) =>
 *       model.forward(params, state, images, context)[1]);
 *     const logits = model.apply(params, test, { state: recompute(params, state, trainingBatches) });
 *
 * Every batch has equal weight, so batches should be of one size. The state given is left as it is; only its shapes
 * matter.
 *
 * @param pass the state after a training pass of the model on a batch, which may be any tree
 * @throws EMPTY when called without batches
 */
export function recomputeStatistics<P extends Tree, S extends Tree, B extends Tree>(
  pass: (params: P, state: S, batch: B, context: Context) => S,
): Recompute<P, S, B> {
  const step = jit(
    (params: P, state: S, batch: B, count: Tensor, keys: readonly Tensor[]): S => {
      const [key] = keys.map((given) => random.foldIn(given, cast(count, 'u32')));
      return pass(params, state, batch, { training: true, momentum: div(1, count), ...(key && { key }) });
    },
    { donate: [1] },
  );
  const recompute = (params: P, state: S, batches: Iterable<B>, { key }: StatisticsOptions = {}): S => {
    let average = tree.map(zerosLike, state);
    let count = 0;
    for (const batch of batches) average = step(params, average, batch, tensor(++count), key ? [key] : []);
    if (count === 0)
      throw new LangevinError(
        'EMPTY',
        'recomputeStatistics: there are no batches to average over: give at least one.',
      );
    return average;
  };
  return Object.assign(recompute, { dispose: step.dispose });
}
