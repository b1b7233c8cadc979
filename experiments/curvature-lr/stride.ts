/**
 * How long the step that comes next is: E|g| and E g² of its batch, so the stride E|Δw| = lr E|g| of plain SGD, and how far the loss
 * of the batch falls by it. The batch goes through the network as in training, with a draw of dropout of its own.
 */
import {
  abs,
  add,
  full,
  mean,
  mul,
  random,
  slice,
  square,
  stack,
  sub,
  tensor,
  tree,
  valueAndGrad,
  type Tensor,
} from '../../engine/index.ts';
import { drawsAtRandom } from '../training/network.ts';
import type { Measurement } from '../training/measurement.ts';
import type { Params } from '../training/problem.ts';
import type { RunRecord } from '../types.ts';

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
  const indices = tensor(nextBatch);
  const size = spec.microbatch || batchSize;
  const loss =
    (from: number, to: number) =>
    (p: Params): Tensor => {
      const own = drawsAtRandom(spec.network) ? random.foldIn(key, from) : undefined;
      const weights = full([to - from], 1 / batchSize);
      return objective(tensors, 1, own)(p, slice(indices, [from], [to]), weights);
    };
  const pieces = Array.from({ length: Math.ceil(batchSize / size) }, (_, k) =>
    loss(k * size, Math.min(batchSize, (k + 1) * size)),
  );
  const parts = pieces.map((piece) => valueAndGrad(piece)(params));
  const before = parts.map(([value]) => value).reduce(add);
  const gradient = parts.map(([, g]) => g).reduce((a, b) => tree.map(add, a, b));
  const after = tree.map((w, g) => sub(w, mul(g, learningRate)), params, gradient);
  const fall = sub(before, pieces.map((piece) => piece(after)).reduce(add));
  const leaves = tree.paths(gradient);
  const read = stack([
    fall,
    ...leaves.map(({ leaf }) => mean(abs(leaf))),
    ...leaves.map(({ leaf }) => mean(square(leaf))),
  ]);
  const [fell = NaN, ...sizes] = await read.data();
  [read, indices].forEach((each) => each.dispose());
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
