/** Batch sizes at the first step, at fixed parameters; and trainings of one epoch, one for each batch size. */
import type { DatasetName } from '../../../data/index.ts';
import type { TrainingCell } from '../../training/settings.ts';
import type { PresetName } from '../../types.ts';
import { checkCounts, checkPositive } from '../../checks.ts';
import type { Plan } from '../../training/plan.ts';
import { alexnet, alexnetMedium, cellOf, checkSizes, checkTensor, k16, repeated, tiny } from '../plan.ts';
import { checkLaw, type LawOptions } from './law.ts';

export interface Figure3Config {
  readonly plan: Plan;
  /** The tensor whose gradient is looked at: fc1. */
  readonly tensor: string;
  readonly law: LawOptions;
  /** Of the trainings of one epoch; as many steps as `looks` are looked at, in equal distances. */
  readonly sizes: readonly number[];
  readonly rate: number;
  readonly looks: number;
  readonly repeats: number;
}

/** What tells one training from the others. A type, so that it is plain data. */
export type LawMarks = {
  /** `step` is the one that is measured before its first step and makes none. */
  readonly part: 'step' | 'epoch';
  readonly batchSize: number;
  readonly replica: number;
};

/** @throws CONFIG */
export function cells(config: Figure3Config, seed: number, data: DatasetName | 'published'): TrainingCell[] {
  const { plan, tensor, law, sizes, rate, looks, repeats } = config;
  const what = 'curvature-lr/figure3';
  checkLaw(what, law);
  checkSizes(what, sizes);
  checkPositive(what, { rate });
  checkCounts(what, { looks });
  const all = repeated(what, repeats, (replica) => [
    cellOf(plan, seed, data, {
      learningRate: rate,
      batchSize: law.smallest,
      length: { steps: 0 },
      measure: { extra: [{ name: 'law', at: { start: true }, options: law }] },
      replica,
    }),
    ...sizes.map((batchSize) =>
      cellOf(plan, seed, data, {
        learningRate: rate,
        batchSize,
        length: { epochs: 1 },
        measure: { extra: [{ name: 'stride', at: { start: true, every: { epochs: 1 / looks } } }] },
        replica,
      }),
    ),
  ]);
  checkTensor(what, all, tensor);
  return all;
}

export function marksOf({ training: { length, batchSize, replica } }: TrainingCell): LawMarks {
  return { part: length.steps === 0 ? 'step' : 'epoch', batchSize: batchSize as number, replica };
}

export function labelOf(cell: TrainingCell): string {
  const { part, batchSize, replica } = marksOf(cell);
  const what = part === 'step' ? 'the first step' : `one epoch, B ${batchSize}`;
  return `${what}, initialisation ${replica + 1}`;
}

const fc1 = 'dense0/weight';

/** CL goes to 60,000 on CIFAR-10, which has 50,000 training images. Here the first step draws with replacement, and an epoch takes 50,000 at most. */
export const presets: Readonly<Record<PresetName, Figure3Config>> = {
  smoke: {
    plan: tiny,
    tensor: fc1,
    law: { smallest: 8, doublings: 3, draws: 4, piece: 40 },
    sizes: [8, 40, 160],
    rate: 0.05,
    looks: 4,
    repeats: 1,
  },
  // papers.md 4.4.
  small: {
    plan: k16,
    tensor: fc1,
    law: { smallest: 16, doublings: 7, draws: 8, piece: 100 },
    sizes: [16, 32, 64, 128, 256, 512, 1024, 2048],
    rate: 0.05,
    looks: 10,
    repeats: 3,
  },
  medium: {
    plan: alexnetMedium,
    tensor: fc1,
    law: { smallest: 32, doublings: 9, draws: 4, piece: 16 },
    sizes: [32, 128, 512, 2048, 8192],
    rate: 0.05,
    looks: 10,
    repeats: 1,
  },
  paper: {
    plan: alexnet,
    tensor: fc1,
    law: { smallest: 32, doublings: 11, draws: 4, piece: 32 },
    sizes: [32, 128, 512, 2048, 8192, 32_768, 50_000],
    rate: 0.05,
    looks: 20,
    repeats: 5,
  },
};
