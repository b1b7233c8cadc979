/**
 * E|g| and E g² of the gradient of a batch at fixed parameters, over batch sizes, raw and less the gradient G of all examples; and
 * the deviation σ of single examples, which predicts them (stats/gradient-law.ts).
 *
 * Examples are drawn with replacement, so that the law is 1/n for every n, also beyond the training set. Only gradients of the
 * smallest batch are taken: two batches side by side are one of twice the size, and their mean gradient its gradient. So every
 * example counts at every size, and a measurement costs one size alone.
 */
import {
  abs,
  add,
  grad,
  jit,
  mean,
  mul,
  sqrt,
  square,
  stack,
  sub,
  tensor,
  tree,
  zeros,
  type Tensor,
} from '../../../engine/index.ts';
import { sampler } from '../../../data/index.ts';
import type { ResidentTensors } from '../../../data/resident.ts';
import { gradientMoments } from '../../../stats/index.ts';
import type { Measurement } from '../../training/measurement.ts';
import { replicaSeed, type Params, type State } from '../../training/problem.ts';
import type { RunRecord } from '../../types.ts';
import { gradientPoint } from '../gradient-point.ts';
import { check, checkCounts, natural } from '../../checks.ts';

/** A type, so that it is plain data. */
export type LawOptions = {
  /** The smallest batch, and how often it is doubled. */
  readonly smallest: number;
  readonly doublings: number;
  /** Batches of the largest size. */
  readonly draws: number;
  /** Examples per pass over single gradients. */
  readonly piece: number;
};

export function checkLaw(what: string, { smallest, doublings, draws, piece }: LawOptions): void {
  checkCounts(what, { 'law.smallest': smallest, 'law.draws': draws, 'law.piece': piece });
  check(
    what,
    natural(doublings) && doublings < 24,
    `law.doublings is ${doublings}: give an integer below 24`,
  );
}

/** Means over the elements of a tensor, and over the batches. */
export type Lengths = {
  /** |g|, |g - G|, g², (g - G)². */
  readonly raw: number;
  readonly centred: number;
  readonly rawSquare: number;
  readonly centredSquare: number;
};

/** The record `gradient-law`, one for every batch size. */
export interface LawRecord extends RunRecord {
  readonly name: 'gradient-law';
  readonly batchSize: number;
  /** How many batches; all sizes see the same examples, so they are not independent. */
  readonly batches: number;
  readonly tensors: Readonly<Record<string, Lengths>>;
}

/** Means over the elements of a tensor: σ, σ², |G|. */
export type SpreadOfTensor = {
  readonly elements: number;
  readonly deviation: number;
  readonly variance: number;
  readonly full: number;
};

/** The record `gradient-spread`. */
export interface SpreadRecord extends RunRecord {
  readonly name: 'gradient-spread';
  readonly examples: number;
  readonly tensors: Readonly<Record<string, SpreadOfTensor>>;
}

/** Apart from the minibatches of the training. */
const STREAM = 7;

/** Gradients between two looks of the host, so that no more are under way. */
const LOOK_EVERY = 32;

export const measureLaw: Measurement = async function* (point, given) {
  const { smallest, doublings, draws, piece } = given as LawOptions;
  const { problem, params, statistics, seed, spec, signal } = point;
  const { train } = problem;
  const { mean: full, varianceOverN, count } = await gradientMoments(gradientPoint(point, 0, piece));
  yield await spreadRecord(full, varianceOverN, count);
  tree.leaves(varianceOverN).forEach((each) => each.dispose());

  const { indices } = sampler({
    mode: 'iid-with-replacement',
    count: train.count,
    batchSize: smallest,
    seed: replicaSeed(seed, spec.replica),
    stream: STREAM,
  });
  const paths = tree.paths(params).map(({ path }) => path);
  const single = jit(
    (w: Params, tensors: ResidentTensors, state: State, at: Tensor, all: Params, sums: Tensor) => {
      const g = grad((p: Params) => mean(problem.losses(train, p, tensors, at, state)))(w);
      return { g, sums: add(sums, lengths(g, all)) };
    },
    { donate: [5] },
  );
  const join = jit(
    (a: Params, b: Params, all: Params, sums: Tensor) => {
      const g = tree.map((x, y) => mul(add(x, y), 0.5), a, b);
      return { g, sums: add(sums, lengths(g, all)) };
    },
    { donate: [0, 3] },
  );
  const dispose = (...trees: (Params | undefined)[]): void =>
    trees.forEach((each) => each && tree.leaves(each).forEach((leaf) => leaf.dispose()));
  /** By doublings: Σ of the lengths, and a gradient that waits for its neighbour. */
  const sums = Array.from({ length: doublings + 1 }, () => zeros([paths.length, 4]));
  const waiting: (Params | undefined)[] = [];
  const total = draws * 2 ** doublings;
  try {
    for (let k = 0; k < total; k++) {
      if (signal.aborted) return;
      const at = tensor(indices(k));
      let { g, sums: sum } = single(params, train.tensors, statistics, at, full, sums[0]!);
      sums[0] = sum;
      at.dispose();
      let level = 0;
      for (; waiting[level]; level++) {
        const other = g;
        ({ g, sums: sum } = join(waiting[level]!, other, full, sums[level + 1]!));
        sums[level + 1] = sum;
        dispose(other);
        waiting[level] = undefined;
      }
      if (level < doublings) waiting[level] = g;
      else dispose(g);
      if (k % LOOK_EVERY === 0) {
        await sums[0].data();
        point.progress({ done: k, total, unit: 'gradients', note: 'the law of gradients' });
      }
    }
    for (let level = 0; level <= doublings; level++) {
      const batches = total / 2 ** level;
      const values = await sums[level]!.data();
      const record: LawRecord = {
        kind: 'result',
        name: 'gradient-law',
        batchSize: smallest * 2 ** level,
        batches,
        tensors: Object.fromEntries(
          paths.map((path, row) => {
            const [raw, centred, rawSquare, centredSquare] = [0, 1, 2, 3].map(
              (column) => values[4 * row + column]! / batches,
            ) as [number, number, number, number];
            return [path, { raw, centred, rawSquare, centredSquare }];
          }),
        ),
      };
      yield record;
    }
  } finally {
    dispose(full, ...waiting);
    sums.forEach((each) => each.dispose());
    single.dispose();
    join.dispose();
  }
};

/** [tensors, 4]: the means of `Lengths` over the elements of every tensor. */
function lengths(gradient: Params, all: Params): Tensor {
  const fulls = tree.leaves(all);
  const rows = tree.leaves(gradient).map((g, k) => {
    const centred = sub(g, fulls[k]!);
    return stack([mean(abs(g)), mean(abs(centred)), mean(square(g)), mean(square(centred))]);
  });
  return stack(rows);
}

async function spreadRecord(full: Params, variance: Params, examples: number): Promise<SpreadRecord> {
  const variances = tree.leaves(variance);
  const leaves = tree.paths(full);
  const read = stack(
    leaves.map(({ leaf }, k) => stack([mean(sqrt(variances[k]!)), mean(variances[k]!), mean(abs(leaf))])),
  );
  const values = await read.data();
  read.dispose();
  return {
    kind: 'result',
    name: 'gradient-spread',
    examples,
    tensors: Object.fromEntries(
      leaves.map(({ path, leaf }, k) => {
        const [deviation, variance, size] = values.slice(3 * k, 3 * k + 3) as unknown as [
          number,
          number,
          number,
        ];
        return [path, { elements: leaf.size, deviation, variance, full: size }];
      }),
    ),
  };
}
