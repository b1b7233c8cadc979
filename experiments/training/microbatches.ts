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
}

type Sum = { readonly loss: Tensor; readonly gradient: Params };

/** A step in several passes, one program each, and one for the optimizer. */
export function accumulatedStep(
  { loss, batchSize, coefficients, pieces, draws = false }: Passes,
  optimizer: GradientTransformation,
): TrainingStep {
  const accumulate = (size: number) =>
    jit(
      (
        sum: Sum,
        params: Params,
        tensors: ResidentTensors,
        batch: Tensor,
        from: Tensor,
        weight: Tensor,
        keys: readonly Tensor[],
      ): Sum => {
        const indices = take(batch, add(iota([size], 0, 'i32'), from));
        const weights = mul(full([size], 1), weight);
        const [key] = keys.map((given) => random.foldIn(given, cast(from, 'u32')));
        const weighted = loss(tensors, 1, key);
        const [value, gradient] = valueAndGrad((p: Params) => weighted(p, indices, weights))(params);
        return { loss: add(sum.loss, value), gradient: tree.map(add, sum.gradient, gradient) };
      },
      { donate: [0] },
    );
  const programs = new Map(
    [...new Set(pieces.map(({ size }) => size))].map((size) => [size, accumulate(size)]),
  );
  const finish = jit(
    (state: TrainingState, sum: Sum): Advanced => advance(state, sum.loss, sum.gradient, optimizer),
    { donate: [0, 1] },
  );
  const step = (state: TrainingState, tensors: ResidentTensors, ...given: Tensor[]): Advanced => {
    const keys = draws ? given.slice(-1) : [];
    let sum: Sum = { loss: zeros([]), gradient: tree.map(zerosLike, state.params) };
    for (const { batch, coefficient } of coefficients) {
      const indices = given[batch] as Tensor;
      const weight = tensor(coefficient / batchSize);
      for (const { from, size } of pieces) {
        const program = programs.get(size) as ReturnType<typeof accumulate>;
        const start = tensor(Int32Array.of(from), []);
        sum = program(sum, state.params, tensors, indices, start, weight, keys);
        start.dispose();
      }
      weight.dispose();
    }
    return finish(state, sum);
  };
  return Object.assign(step, {
    dispose: () => [...programs.values(), finish].forEach((program) => program.dispose()),
  });
}
