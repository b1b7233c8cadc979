/** One short training for each initialisation, before and after which gradients are taken of what discarding leaves. */
import type { DatasetName } from '../../../data/index.ts';
import type { TrainingCell } from '../../training/settings.ts';
import type { PresetName } from '../../types.ts';
import { check, checkCounts, checkPositive, natural } from '../../checks.ts';
import type { Plan } from '../../training/plan.ts';
import { alexnet, alexnetMedium, cellOf, checkTensor, k16, repeated, tiny } from '../plan.ts';
import { checkDiscard, type DiscardOptions } from './discard.ts';

export interface Figure9Config {
  readonly plan: Plan;
  /** The tensor whose gradient is looked at: fc2. */
  readonly tensor: string;
  readonly discard: DiscardOptions;
  /** Of the training between the two looks, without discarding; of 0 epochs there is one look. */
  readonly rate: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly repeats: number;
}

/** A type, so that it is plain data. */
export type DiscardMarks = { readonly replica: number };

/** @throws CONFIG */
export function cells(config: Figure9Config, seed: number, data: DatasetName | 'published'): TrainingCell[] {
  const { plan, tensor, discard, rate, batchSize, epochs, repeats } = config;
  const what = 'curvature-lr/figure9';
  checkDiscard(what, discard);
  checkPositive(what, { rate });
  checkCounts(what, { batchSize });
  check(what, natural(epochs), `epochs is ${epochs}: give a natural number`);
  const all = repeated(what, repeats, (replica) => [
    cellOf(plan, seed, data, {
      learningRate: rate,
      batchSize,
      length: { epochs },
      measure: {
        extra: [{ name: 'discarded', at: { start: true, end: epochs > 0 }, options: discard }],
      },
      replica,
    }),
  ]);
  checkTensor(what, all, tensor);
  return all;
}

const fc2 = 'dense1/weight';
const shares = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

export const presets: Readonly<Record<PresetName, Figure9Config>> = {
  smoke: {
    plan: tiny,
    tensor: fc2,
    discard: { examples: 100, shares: [0, 0.5, 0.9] },
    rate: 0.05,
    batchSize: 16,
    epochs: 1,
    repeats: 1,
  },
  // papers.md 4.4; with what batches the two epochs were made it does not say.
  small: {
    plan: k16,
    tensor: fc2,
    discard: { examples: 2048, shares },
    rate: 0.05,
    batchSize: 16,
    epochs: 2,
    repeats: 5,
  },
  medium: {
    plan: alexnetMedium,
    tensor: fc2,
    discard: { examples: 8192, shares },
    rate: 0.05,
    batchSize: 64,
    epochs: 2,
    repeats: 1,
  },
  // CL has step 1 of B = 8192 alone.
  paper: {
    plan: alexnet,
    tensor: fc2,
    discard: { examples: 8192, shares },
    rate: 0.05,
    batchSize: 8192,
    epochs: 0,
    repeats: 5,
  },
};
