/** The schedules of figure 1: a cyclic rate against a cyclic batch, and constant ones of equal η/S. */
import type { DatasetName } from '../../../data/index.ts';
import type { ScheduleSpec, TrainingCell } from '../../training/settings.ts';
import type { PresetName } from '../../types.ts';
import type { ArmMarks } from '../../training/arms.ts';
import { miniature, small, tiny, vgg11 } from '../networks.ts';
import { check, checkCounts, positive } from '../../checks.ts';
import { datasetOf, type Plan } from '../../training/plan.ts';
import { checkPair } from '../plan.ts';

export interface Figure1Config {
  readonly plan: Plan;
  /** η and S of the smaller pair; β times both are the larger pair. */
  readonly rate: number;
  readonly batchSize: number;
  readonly factor: number;
  /** Epochs of a whole cycle, a square wave. LB says neither. */
  readonly period: number;
  readonly epochs: number;
  readonly repeats: number;
}

/** In the order of tables and legends. */
export const arms = ['cyclic rate', 'cyclic batch', 'small', 'large', 'unscaled'] as const;

export type ArmName = (typeof arms)[number];

/** η and S of an arm; η/S cycles in the first two alike. */
export function schedulesOf(
  { rate, batchSize, factor, period }: Omit<Figure1Config, 'plan' | 'epochs' | 'repeats'>,
  arm: ArmName,
): { readonly learningRate: ScheduleSpec; readonly batchSize: ScheduleSpec } {
  const [high, large] = [factor * rate, factor * batchSize];
  const cycle = { kind: 'cyclic', period, unit: 'epochs' } as const;
  switch (arm) {
    case 'cyclic rate':
      return { learningRate: { ...cycle, from: rate, to: high }, batchSize };
    case 'cyclic batch':
      return { learningRate: high, batchSize: { ...cycle, from: large, to: batchSize } };
    case 'small':
      return { learningRate: rate, batchSize };
    case 'large':
      return { learningRate: high, batchSize: large };
    case 'unscaled':
      return { learningRate: rate, batchSize: large };
  }
}

/** @throws CONFIG */
export function cells(
  config: Figure1Config,
  seed: number,
  data: DatasetName | 'published',
): readonly TrainingCell[] {
  const { plan, rate, batchSize, factor, period, epochs, repeats } = config;
  const what = 'lr-over-batch/figure1';
  checkCounts(what, { repeats });
  check(what, factor > 1 && factor < Infinity, `factor is ${factor}: give a number above 1`);
  check(what, positive(period), `a period of ${period} epochs: give a positive number`);
  checkCounts(what, { epochs });
  checkPair(what, rate, batchSize, plan.images.trainExamples);
  checkPair(what, factor * rate, Math.round(factor * batchSize), plan.images.trainExamples);
  const { network, images } = plan;
  return arms.flatMap((arm) =>
    Array.from({ length: repeats }, (_, replica): TrainingCell => ({
      dataset: datasetOf(plan, data),
      seed,
      arm,
      training: {
        network,
        images,
        optimizer: { name: 'sgd' },
        ...schedulesOf(config, arm),
        sampling: 'epoch-shuffle',
        length: { epochs },
        measure: { trainLoss: { epochs: 1 }, test: { epochs: 1 } },
        replica,
      },
    })),
  );
}

export function marksOf({ arm, training }: TrainingCell): ArmMarks {
  return { network: training.network.kind, arm: arm as string, replica: training.replica };
}

export const presets: Readonly<Record<PresetName, Figure1Config>> = {
  smoke: { plan: tiny, rate: 0.05, batchSize: 8, factor: 5, period: 2, epochs: 4, repeats: 2 },
  // papers.md 2.3.
  small: {
    plan: small(2000, 2000),
    rate: 0.05,
    batchSize: 16,
    factor: 5,
    period: 10,
    epochs: 40,
    repeats: 5,
  },
  medium: { plan: miniature, rate: 0.01, batchSize: 64, factor: 5, period: 10, epochs: 40, repeats: 1 },
  paper: { plan: vgg11, rate: 0.001, batchSize: 128, factor: 5, period: 10, epochs: 200, repeats: 5 },
};
