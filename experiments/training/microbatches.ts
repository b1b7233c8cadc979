/**
 * A training step whose batch is too large for one pass. The gradient is linear in the weights of the examples, so it is
 * summed over passes of fewer examples and agrees with the whole to rounding. Passes are cut at multiples of the ghost
 * group and never across two batches, so every group is normalised as it would be in the whole.
 */
import {
  add,
  cast,
  full,
  iota,
  jit,
  mul,
  random,
  take,
  tensor,
  tree,
  valueAndGrad,
  zeros,
  zerosLike,
  type Tensor,
} from '../../engine/index.ts';
import type { ResidentTensors } from '../../data/resident.ts';
import type { GradientTransformation } from '../../optim/index.ts';
import type { Objective } from './measurement.ts';
import type { Params } from './problem.ts';
import { advance, type Advanced, type TrainingState, type TrainingStep } from './step.ts';
import type { Weighing } from './weighing.ts';

/** Examples `from` … `from + size - 1` of a batch. */
export interface Cut {
  readonly from: number;
  readonly size: number;
}

/**
 * `count` examples in as few cuts of at most `limit` as there can be, all but the last of one size, that size a
 * multiple of `group`. What is left of a group stays with the last: ghost batch normalisation joins it to the group
 * before it. A group is never cut, though it be larger than `limit`.
 */
export function cuts(count: number, limit: number, group: number = 1): Cut[] {
  const groups = Math.max(1, Math.floor(count / group));
  const pieces = Math.ceil(groups / Math.max(1, Math.floor(limit / group)));
  const size = Math.ceil(groups / pieces) * group;
  const used = Math.ceil((groups * group) / size);
  return Array.from({ length: used }, (_, k) => ({
    from: k * size,
    size: k === used - 1 ? count - k * size : size,
  }));
}

/** `size` numbers of a batch from number `from` on: its examples, or their weights. */
export function segment(all: Tensor, from: Tensor, size: number): Tensor {
  return take(all, add(iota([size], 0, 'i32'), from));
}

/** Every pass draws by itself, in the same way whenever the pass is made. @param keys the step's own, or none */
export function keyOfPass([key]: readonly Tensor[], from: Tensor): Tensor | undefined {
  return key && random.foldIn(key, cast(from, 'u32'));
}

/** A program for each size of passes. */
export function perSize<P extends { dispose(): void }>(
  pieces: readonly Cut[],
  make: (size: number) => P,
): { of(size: number): P; dispose(): void } {
  const programs = new Map([...new Set(pieces.map(({ size }) => size))].map((size) => [size, make(size)]));
  return {
    of: (size) => programs.get(size) as P,
    dispose: () => programs.forEach((program) => program.dispose()),
  };
}

/** A batch among those of a step, and what its mean gradient is multiplied by. */
export interface Coefficient {
  readonly batch: number;
  readonly coefficient: number;
}

/** What is added up over the passes of a step. */
export interface Passes {
  readonly loss: Objective;
  /** B. */
  readonly batchSize: number;
  /** The batches that enter. */
  readonly coefficients: readonly Coefficient[];
  /** Of each of them. */
  readonly pieces: readonly Cut[];
  /** Whether the step takes a key behind its batches. Every pass of a batch then draws by itself. Default no. */
  readonly draws?: boolean;
  /** What the examples of a batch weigh. Default: all the same. */
  readonly weighing?: Weighing;
}

type Sum = { readonly loss: Tensor; readonly gradient: Params };

/** A step in several passes, one program each, and one for the optimizer. */
export function accumulatedStep(
  { loss, batchSize, coefficients, pieces, draws = false, weighing }: Passes,
  optimizer: GradientTransformation,
): TrainingStep {
  const accumulate = perSize(pieces, (size) =>
    jit(
      (
        sum: Sum,
        params: Params,
        tensors: ResidentTensors,
        batch: Tensor,
        from: Tensor,
        weights: Tensor,
        factor: Tensor,
        keys: readonly Tensor[],
      ): Sum => {
        const weighted = loss(tensors, 1, keyOfPass(keys, from));
        const examples = segment(batch, from, size);
        const shares = mul(segment(weights, from, size), factor);
        const [value, gradient] = valueAndGrad((p: Params) => weighted(p, examples, shares))(params);
        return { loss: add(sum.loss, value), gradient: tree.map(add, sum.gradient, gradient) };
      },
      { donate: [0] },
    ),
  );
  const finish = jit(
    (state: TrainingState, sum: Sum): Advanced => advance(state, sum.loss, sum.gradient, optimizer),
    { donate: [0, 1] },
  );
  const equal = full([batchSize], 1 / batchSize);
  const step = (state: TrainingState, tensors: ResidentTensors, ...given: Tensor[]): Advanced => {
    const keys = draws ? given.slice(-1) : [];
    let sum: Sum = { loss: zeros([]), gradient: tree.map(zerosLike, state.params) };
    for (const { batch, coefficient } of coefficients) {
      const indices = given[batch] as Tensor;
      const weights = weighing?.weights(state.params, tensors, indices, keys) ?? equal;
      const factor = tensor(coefficient);
      for (const { from, size } of pieces) {
        const start = tensor(Int32Array.of(from), []);
        sum = accumulate.of(size)(sum, state.params, tensors, indices, start, weights, factor, keys);
        start.dispose();
      }
      if (weights !== equal) weights.dispose();
      factor.dispose();
    }
    return finish(state, sum);
  };
  return Object.assign(step, {
    dispose: () =>
      [accumulate, finish, equal, ...(weighing ? [weighing] : [])].forEach((part) => part.dispose()),
  });
}
