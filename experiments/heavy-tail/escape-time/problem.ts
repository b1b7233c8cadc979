/**
 * Two blobs in the plane and a small tanh network with a logistic output, whose parameters are one flat vector here: escape is
 * looked at coordinate by coordinate.
 */
import {
  abs,
  add,
  exp,
  log1p,
  mean,
  mul,
  neg,
  random,
  relu,
  reshape,
  sub,
  take,
  tensor,
  tree,
  type Tensor,
} from '../../../engine/index.ts';
import { foldInWords, seedWords, type Words } from '../../../engine/random/threefry.ts';
import { mlp } from '../../../nn/index.ts';
import { stableStream } from '../../../stats/index.ts';

/** The points: x [N, 2], y [N] of 0 and 1. */
export type Points = { readonly x: Tensor; readonly y: Tensor };

export interface Problem {
  readonly points: Points;
  readonly count: number;
  /** Initial parameters [P]. */
  readonly start: Tensor;
  readonly parameters: number;
  /** Mean logistic loss of the points whose numbers are given, all without. */
  loss(params: Tensor, points: Points, indices?: Tensor): Tensor;
}

/** Streams of the seed. */
export const DATA = 0;
export const INITIAL = 1;
export const NOISE = 2;
export const ESCAPE = 3;

/** The key of a stream as two words. */
export function streamWords(seed: number, stream: number, index = 0): Words {
  return foldInWords(foldInWords(seedWords(seed), stream), index);
}

/**
 * Half of the points about (0.7, 0.21), half about the opposite, unit variance: papers.md 5.3.
 *
 * @param hidden widths of the hidden layers
 */
export function problemOf(hidden: readonly number[], count: number, seed: number): Problem {
  const model = mlp({ widths: [...hidden, 1], activation: 'tanh' });
  const words = streamWords(seed, INITIAL, hidden.length);
  const key = tensor(Uint32Array.from(words), [2]);
  const [start, unravel] = tree.ravel(model.init(random.foldIn(key, 0), [2]).params);
  return {
    points: blobs(count, seed),
    count,
    start,
    parameters: start.size,
    loss: (params, { x, y }, indices) => {
      const [inputs, labels] = indices ? [take(x, indices), take(y, indices)] : [x, y];
      const logits = reshape(model.apply(unravel(params), inputs), labels.shape);
      // ln(1 + e^z) - yz, without overflow.
      return mean(sub(add(relu(logits), log1p(exp(neg(abs(logits))))), mul(logits, labels)));
    },
  };
}

function blobs(count: number, seed: number): Points {
  const normal = stableStream(streamWords(seed, DATA), 2);
  const half = Math.ceil(count / 2);
  const sign = (k: number): number => (k < half ? 1 : -1);
  const x = Float32Array.from({ length: 2 * count }, (_, i) => {
    const centre = 0.7 * (i % 2 === 0 ? 1 : 0.3) * sign(i >> 1);
    return centre + normal(i) * Math.SQRT1_2;
  });
  const y = Float32Array.from({ length: count }, (_, k) => (sign(k) + 1) / 2);
  return { x: tensor(x, [count, 2]), y: tensor(y, [count]) };
}
