/** The gradient of the examples of a batch that are left when the share p with the smallest losses is discarded, for several p. */
import {
  abs,
  add,
  concat,
  grad,
  mean,
  mul,
  slice,
  stack,
  sum,
  tensor,
  tree,
  type Tensor,
} from '../../../engine/index.ts';
import { sampler } from '../../../data/index.ts';
import { highestLossWeights, keptCount } from '../../../optim/index.ts';
import type { Measurement } from '../../training/measurement.ts';
import { replicaSeed, type Params } from '../../training/problem.ts';
import type { RunRecord } from '../../types.ts';
import { check, checkCounts } from '../../checks.ts';

/** A type, so that it is plain data. */
export type DiscardOptions = {
  /** B, drawn without replacement; of a smaller training set all. */
  readonly examples: number;
  /** p. */
  readonly shares: readonly number[];
};

export function checkDiscard(what: string, { examples, shares }: DiscardOptions): void {
  checkCounts(what, { examples });
  check(
    what,
    shares.length > 0 && shares.every((p, k) => p >= 0 && p < 1 && (k === 0 || p > shares[k - 1]!)),
    `shares are ${shares.join(', ') || 'none'}: give ascending numbers in [0, 1)`,
  );
}

/** The record `discarded`, one for every p. */
export interface DiscardRecord extends RunRecord {
  readonly name: 'discarded';
  readonly share: number;
  readonly kept: number;
  /** Mean |g| over the elements of every tensor, by its path. */
  readonly gradient: Readonly<Record<string, number>>;
}

/** Apart from the minibatches of the training. */
const STREAM = 9;

/** Examples per pass. */
const PIECE = 1024;

export const measureDiscarding: Measurement = async function* (point, given) {
  const { examples, shares } = given as DiscardOptions;
  const { problem, params, statistics, seed, spec, signal } = point;
  const { train } = problem;
  const count = Math.min(examples, train.count);
  const indices = sampler({
    mode: 'without-replacement',
    count: train.count,
    batchSize: count,
    seed: replicaSeed(seed, spec.replica),
    stream: STREAM,
  }).indices(0);
  const pieces = Array.from({ length: Math.ceil(count / PIECE) }, (_, k) => [
    k * PIECE,
    Math.min(count, (k + 1) * PIECE),
  ]) as [number, number][];
  const lossesOf = (p: Params, from: number, to: number): Tensor =>
    problem.losses(train, p, train.tensors, tensor(indices.slice(from, to)), statistics);
  const losses = concat(pieces.map(([from, to]) => lossesOf(params, from, to)));
  for (const share of shares) {
    if (signal.aborted) return;
    const weights = highestLossWeights(losses, share);
    const gradient = pieces
      .map(([from, to]) =>
        grad((p: Params) => sum(mul(lossesOf(p, from, to), slice(weights, [from], [to]))))(params),
      )
      .reduce((a, b) => tree.map(add, a, b));
    const leaves = tree.paths(gradient);
    const read = stack(leaves.map(({ leaf }) => mean(abs(leaf))));
    const values = await read.data();
    read.dispose();
    const record: DiscardRecord = {
      kind: 'result',
      name: 'discarded',
      share,
      kept: keptCount(count, share),
      gradient: Object.fromEntries(leaves.map(({ path }, k) => [path, values[k]!])),
    };
    yield record;
  }
  losses.dispose();
};
