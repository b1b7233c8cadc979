/** The gradient of the examples of a batch that are left when the share p with the smallest losses is discarded, for several p. */
import {
  abs,
  concat,
  grad,
  mean,
  mul,
  realize,
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
import { cuts, type Cut } from '../../training/microbatches.ts';
import { replicaSeed, type Params } from '../../training/problem.ts';
import type { RunRecord } from '../../types.ts';
import { check, checkCounts } from '../../checks.ts';
import { disposeAll, summedInTurn } from '../in-turn.ts';

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
  const pieces = cuts(count, PIECE);
  const lossesOf = (p: Params, { from, size }: Cut): Tensor =>
    problem.losses(train, p, train.tensors, tensor(indices.slice(from, from + size)), statistics);
  const parts = pieces.map((piece) => lossesOf(params, piece));
  for (const part of parts) await realize(part);
  const losses = concat(parts);
  await realize(losses);
  for (const share of shares) {
    if (signal.aborted) return;
    const weights = highestLossWeights(losses, share);
    const gradient = await summedInTurn(pieces, (piece) => {
      const shares = slice(weights, [piece.from], [piece.from + piece.size]);
      return grad((p: Params) => sum(mul(lossesOf(p, piece), shares)))(params);
    });
    const leaves = tree.paths(gradient);
    const read = stack(leaves.map(({ leaf }) => mean(abs(leaf))));
    const values = await read.data();
    disposeAll([read, ...tree.leaves(gradient)]);
    const record: DiscardRecord = {
      kind: 'result',
      name: 'discarded',
      share,
      kept: keptCount(count, share),
      gradient: Object.fromEntries(leaves.map(({ path }, k) => [path, values[k]!])),
    };
    yield record;
  }
  disposeAll([losses, ...parts]);
};
