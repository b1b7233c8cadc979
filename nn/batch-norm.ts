/**
 * Batch normalisation (Ioffe, Szegedy 2015) and ghost batch normalisation (Hoffer, Hubara, Soudry 2017).
 *
 * In training every channel, the last axis, is normalised by the mean and biased variance of a group of examples,
 * over the examples of the group and all positions of an image. For `batchNorm` the group is the minibatch. Ghost batch
 * normalisation cuts the minibatch, in order, into groups of G examples that do not see one another, so the noise
 * of the statistics is that of G examples whatever the batch size. With B = qG + r, 0 < r < G, the remainder joins the
 * last group: q - 1 groups of G and one of G + r, so that no statistics are noisier than those of G examples.
 *
 * In evaluation the running statistics take their place, and examples do not see one another at all. They follow
 *   running ← (1 - m)·running + m·batch
 * where `batch` is the mean over groups of the very numbers that normalise. The variance is thus the biased one, as in
 * Flax and Keras; PyTorch stores n/(n - 1) times it. With m = 1 and one group, evaluating a batch reproduces
 * its training output. With m = 1/k in the k-th pass, running statistics are the plain average over passes:
 * `recomputeStatistics` does that.
 *
 * Where several minibatches lie one after the other (`context.batches`), each is grouped on its own.
 */
import {
  add,
  broadcastTo,
  concat,
  LangevinError,
  mean,
  mul,
  ones,
  reshape,
  rsqrt,
  slice,
  sub,
  zeros,
  type Tensor,
} from '../engine/index.ts';
import { show } from '../engine/graph/shape.ts';
import { stateful, type Context, type Layer, type NoParams } from './layer.ts';
import { checkEpsilon, initNorm, momentsAlong, normalized, type NormParams } from './normalize.ts';

/** Both [C]: they start at 0 and 1. */
export type RunningStatistics = { readonly mean: Tensor; readonly variance: Tensor };

export interface BatchNormOptions {
  /** ε in √(variance + ε). Default 1e-5. */
  readonly epsilon?: number;
  /** m: the weight of the newest batch in the running statistics. Default 0.1. */
  readonly momentum?: number;
}

export interface GhostBatchNormOptions extends BatchNormOptions {
  /** G: examples that are normalised together, at least 2. */
  readonly groupSize: number;
}

/** `count` groups of `size` examples each, one after the other. */
interface Groups {
  readonly count: number;
  readonly size: number;
}

/**
 * Normalises every channel by the statistics of its minibatch.
 *
 * @throws LAYER for a momentum outside [0, 1] or an `epsilon` that is not positive. When called: STATE in
 *   evaluation without running statistics, BATCH_SIZE in training on one value per channel, or on a batch that
 *   `context.batches` does not divide
 */
export function batchNorm(options: BatchNormOptions = {}): Layer<NormParams, RunningStatistics> {
  return normalization('batchNorm', options, (examples) => [{ count: 1, size: examples }]);
}

/**
 * Normalises every channel by the statistics of groups of `groupSize` examples. One group, G = B, is `batchNorm`.
 *
 * @throws GHOST_BATCH for a group size below 2. When called: GHOST_BATCH in training on a minibatch that is
 *   smaller than a group; else as `batchNorm`
 */
export function ghostBatchNorm({
  groupSize,
  ...options
}: GhostBatchNormOptions): Layer<NormParams, RunningStatistics> {
  if (groupSize === 1)
    throw new LangevinError(
      'GHOST_BATCH',
      'ghostBatchNorm: a group of 1 example is normalised by itself alone: its statistics carry no noise of a batch, and without positions to average over its variance is 0. Take a groupSize of at least 2.',
    );
  if (!Number.isInteger(groupSize) || groupSize < 1)
    throw new LangevinError(
      'GHOST_BATCH',
      `ghostBatchNorm: groupSize is ${groupSize}; it is a number of examples: give an integer of at least 2.`,
    );
  return normalization('ghostBatchNorm', options, (examples, path) => {
    if (examples < groupSize)
      throw new LangevinError(
        'GHOST_BATCH',
        `ghostBatchNorm '${path}': a minibatch of ${examples} is smaller than one group of ${groupSize}: take batches of at least ${groupSize}, or a smaller groupSize.`,
      );
    const [whole, rest] = [Math.floor(examples / groupSize), examples % groupSize];
    if (rest === 0) return [{ count: whole, size: groupSize }];
    const last = { count: 1, size: groupSize + rest };
    return whole === 1 ? [last] : [{ count: whole - 1, size: groupSize }, last];
  });
}

function normalization(
  name: string,
  { epsilon = 1e-5, momentum = 0.1 }: BatchNormOptions,
  groupsOf: (examples: number, path: string) => readonly Groups[],
): Layer<NormParams, RunningStatistics> {
  checkEpsilon(name, epsilon);
  if (!(momentum >= 0 && momentum <= 1))
    throw new LangevinError(
      'LAYER',
      `${name}: momentum is ${momentum}; it is the weight of the newest batch: give a number from 0 to 1.`,
    );
  return stateful<NormParams, RunningStatistics>(
    name,
    (_key, inputShape) => {
      const { channels, ...params } = initNorm(name, inputShape);
      return {
        params,
        state: { mean: zeros([channels]), variance: ones([channels]) },
        outputShape: inputShape,
      };
    },
    (params, state, x, context) => {
      const path = context.path ?? name;
      if (context.training) {
        const minibatches = checkedBatches(name, path, x, context);
        const groups = groupsOf((x.shape[0] as number) / minibatches, path);
        const { output, statistics } = normalizeGroups(x, params, epsilon, minibatches, groups);
        return [output, isEmpty(state) ? state : moved(state, statistics, context.momentum ?? momentum)];
      }
      if (isEmpty(state))
        throw new LangevinError(
          'STATE',
          `${name} '${path}': evaluation needs the running statistics: pass { state } from forward or init, or { training: true } to normalise by the batch.`,
        );
      const factor = mul(rsqrt(add(state.variance, epsilon)), params.scale);
      return [add(mul(sub(x, state.mean), factor), params.offset), state];
    },
  );
}

/** Training without state keeps no running statistics. */
function isEmpty(state: RunningStatistics | NoParams): state is NoParams {
  return state.mean === undefined;
}

/** (1 - m)·running + m·batch: the newest batch exactly at m = 1. */
function moved(
  running: RunningStatistics,
  batch: RunningStatistics,
  momentum: number | Tensor,
): RunningStatistics {
  const toward = (from: Tensor, to: Tensor): Tensor => add(mul(from, sub(1, momentum)), mul(to, momentum));
  return { mean: toward(running.mean, batch.mean), variance: toward(running.variance, batch.variance) };
}

/**
 * x [K·B, ..., C] is seen as [K, B·S, C], K minibatches of B examples of S positions. Since examples lie one after the
 * other, groups of one size are the rows of a reshape: [K·count, size·S, C], and statistics are taken over the middle.
 */
function normalizeGroups(
  x: Tensor,
  params: NormParams,
  epsilon: number,
  minibatches: number,
  groups: readonly Groups[],
): { readonly output: Tensor; readonly statistics: RunningStatistics } {
  const channels = x.shape.at(-1) as number;
  const positions = x.shape.slice(1, -1).reduce((product, extent) => product * extent, 1);
  const rows = reshape(x, [minibatches, -1, channels]);
  let from = 0;
  const parts = groups.map(({ count, size }) => {
    const length = count * size * positions;
    const part = slice(rows, [0, from, 0], [minibatches, from + length, channels]);
    from += length;
    const groupShape = [minibatches * count, size * positions, channels];
    const { output, ...moments } = normalizeRows(reshape(part, groupShape), params, epsilon);
    return { output: reshape(output, [minibatches, length, channels]), ...moments };
  });
  // A concatenation of one part is that part.
  const joined = (of: (part: (typeof parts)[number]) => Tensor, axis: number): Tensor =>
    parts.length === 1 ? of(parts[0] as (typeof parts)[number]) : concat(parts.map(of), axis);
  return {
    output: reshape(
      joined((part) => part.output, 1),
      x.shape,
    ),
    statistics: {
      mean: mean(
        joined((part) => part.mean, 0),
        [0, 1],
      ),
      variance: mean(
        joined((part) => part.variance, 0),
        [0, 1],
      ),
    },
  };
}

/**
 * x [groups, n, C] by the moments over n, [groups, 1, C]. Scale and offset join the moments before they are stretched
 * along n: their gradients are then summed over n group by group, and over groups last.
 */
function normalizeRows(
  x: Tensor,
  { scale, offset }: NormParams,
  epsilon: number,
): { readonly output: Tensor; readonly mean: Tensor; readonly variance: Tensor } {
  const moments = momentsAlong(x, 1);
  const factor = mul(rsqrt(add(moments.variance, epsilon)), scale);
  const shift = broadcastTo(offset, factor.shape);
  return { output: normalized(moments, factor, shift), mean: moments.mean, variance: moments.variance };
}

/** K, after the checks that every normalisation makes. */
function checkedBatches(name: string, path: string, x: Tensor, { batches = 1 }: Context): number {
  const examples = x.shape[0] as number;
  if (!Number.isInteger(batches) || batches < 1 || examples % batches !== 0)
    throw new LangevinError(
      'BATCH_SIZE',
      `${name} '${path}': ${examples} examples are not ${batches} minibatches of one size: let context.batches divide the batch.`,
    );
  if (x.size / batches <= (x.shape.at(-1) as number))
    throw new LangevinError(
      'BATCH_SIZE',
      `${name} '${path}': in ${show(x.shape)} with ${batches} minibatches a channel holds one value or none, which has no variance: train on larger batches, or evaluate without { training: true }.`,
    );
  return batches;
}
