/**
 * How long the step that comes next is: E|g| and E g² of its batch, so the stride E|Δw| = lr E|g| of plain SGD, and how far the loss
 * of the batch falls by it. The batch goes through the network as in training, with a draw of dropout of its own.
 */
import {
  abs,
  full,
  mean,
  mul,
  random,
  realize,
  square,
  stack,
  sub,
  tensor,
  tree,
  valueAndGrad,
  type Tensor,
} from '../../engine/index.ts';
import type { Measurement } from '../training/measurement.ts';
import { cuts } from '../training/microbatches.ts';
import { drawsAtRandom, smallestCut } from '../training/network.ts';
import type { Params } from '../training/problem.ts';
import type { RunRecord } from '../types.ts';
import { disposeAll, summedInTurn } from './in-turn.ts';

/** The record `stride`; the names of tensors are their paths. */
export interface StrideRecord extends RunRecord {
  readonly name: 'stride';
  /** Of the training, where the step begins. */
  readonly epoch: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Mean |g| over the elements of every tensor, and over all. */
  readonly gradient: Readonly<Record<string, number>>;
  readonly meanGradient: number;
  /** Mean g² over all elements: what the loss falls by, to first order, for each parameter and unit of the learning rate. */
  readonly meanSquare: number;
  /** What the loss of the batch falls by in a plain step of this learning rate, as measured. */
  readonly fall: number;
}

/** Apart from all else that is drawn from the seed. */
const STRIDE = 0x73747264;

export const measureStride: Measurement = async function* (point) {
  const { spec, seed, problem, params, objective, step, epoch, learningRate, batchSize, nextBatch } = point;
  const { tensors } = problem.train;
  const key = random.foldIn(random.foldIn(random.key(seed), STRIDE), step);
  const losses = cuts(batchSize, spec.microbatch || batchSize, smallestCut(spec.network)).map(
    ({ from, size }) => {
      const own = drawsAtRandom(spec.network) ? random.foldIn(key, from) : undefined;
      const loss = objective(tensors, 1, own);
      const indices = tensor(nextBatch.slice(from, from + size));
      return (p: Params): Tensor => loss(p, indices, full([size], 1 / batchSize));
    },
  );
  const [before, gradient] = await summedInTurn(losses, (loss) => valueAndGrad(loss)(params));
  const moved = tree.map((w, g) => sub(w, mul(g, learningRate)), params, gradient);
  await realize(...tree.leaves(moved));
  const after = await summedInTurn(losses, (loss) => loss(moved));
  const leaves = tree.paths(gradient);
  const read = stack([
    sub(before, after),
    ...leaves.map(({ leaf }) => mean(abs(leaf))),
    ...leaves.map(({ leaf }) => mean(square(leaf))),
  ]);
  const [fell = NaN, ...sizes] = await read.data();
  disposeAll([read, before, after, ...tree.leaves(gradient), ...tree.leaves(moved)]);
  const elements = leaves.map(({ leaf }) => leaf.size);
  const record: StrideRecord = {
    kind: 'metric',
    name: 'stride',
    epoch,
    batchSize,
    learningRate,
    gradient: Object.fromEntries(leaves.map(({ path }, k) => [path, sizes[k]!])),
    meanGradient: weightedMean(sizes.slice(0, leaves.length), elements),
    meanSquare: weightedMean(sizes.slice(leaves.length), elements),
    fall: fell,
  };
  yield record;
};

/** Σ x_k c_k / Σ c_k. */
export function weightedMean(values: readonly number[], counts: readonly number[]): number {
  const total = counts.reduce((a, b) => a + b, 0);
  return values.reduce((sum, value, k) => sum + value * counts[k]!, 0) / total;
}
