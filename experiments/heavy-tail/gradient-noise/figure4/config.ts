/** HT-4 of papers.md 5.3: one training three ways from one epoch on, and the noise before and after it. */
import type { DatasetName } from '../../../../data/index.ts';
import type { ArmMarks } from '../../../training/arms.ts';
import type { ScheduleSpec, TrainingCell } from '../../../training/settings.ts';
import type { PresetName } from '../../../types.ts';
import { check, checkCounts, checkPositive } from '../../../checks.ts';
import {
  checkBatch,
  imagesFor,
  medium,
  networkNamed,
  smallColoured,
  tinyColoured,
  whole,
  type Subject,
} from '../plan.ts';
import type { AmplitudeOptions } from './amplitude.ts';

export interface Figure4Config extends Subject {
  readonly rate: number;
  readonly batchSize: number;
  /** What the rate is divided by, or the batch multiplied with. */
  readonly factor: number;
  /** The epoch of the change; noise is looked at `distance` epochs before and after it. */
  readonly change: number;
  readonly distance: number;
  readonly parameters: number;
  readonly batches: number;
  readonly piece: number;
  readonly repeats: number;
}

/** In the order of tables. The paper has the first two. */
export const arms = ['constant', 'decay', 'growth'] as const;

export type ArmName = (typeof arms)[number];

/** η and B of an arm whose change is by `factor` at each of the milestones. */
export function schedulesOf(
  {
    rate,
    batchSize,
    factor,
    milestones,
  }: {
    readonly rate: number;
    readonly batchSize: number;
    readonly factor: number;
    readonly milestones: readonly number[];
  },
  arm: ArmName,
): { readonly learningRate: ScheduleSpec; readonly batchSize: ScheduleSpec } {
  const steps = { kind: 'multiStep', milestones, unit: 'epochs' } as const;
  switch (arm) {
    case 'constant':
      return { learningRate: rate, batchSize };
    case 'decay':
      return { learningRate: { ...steps, initial: rate, factor: 1 / factor }, batchSize };
    case 'growth':
      return { learningRate: rate, batchSize: { ...steps, initial: batchSize, factor } };
  }
}

/** @throws CONFIG */
export function cells(
  config: Figure4Config,
  seed: number,
  asked: DatasetName | 'published',
): readonly TrainingCell[] {
  const { network, images, rate, batchSize, factor, change, distance } = config;
  const { parameters, batches, piece, repeats } = config;
  const what = 'heavy-tail/figure4';
  const { dataset, examples } = imagesFor(config, asked);
  checkCounts(what, { repeats, parameters, piece });
  checkPositive(what, { rate });
  check(what, factor > 1 && factor < Infinity, `factor is ${factor}: give a number above 1`);
  checkBatch(what, batchSize, examples);
  checkBatch(what, Math.round(factor * batchSize), examples);
  check(
    what,
    distance > 0 && change > distance,
    `change is ${change} and distance ${distance}: noise is looked at before and after the change, and after the start`,
  );
  check(
    what,
    Number.isInteger(batches) && batches >= 0,
    `batches is ${batches}: give a natural number; 0 is one epoch`,
  );
  const options = (when: AmplitudeOptions['when']): AmplitudeOptions => ({
    when,
    batchSize,
    parameters,
    batches,
    piece,
  });
  return arms.flatMap((arm) =>
    Array.from({ length: repeats }, (_, replica): TrainingCell => ({
      dataset,
      seed,
      arm,
      network,
      training: {
        network: networkNamed(what, network),
        images,
        optimizer: { name: 'sgd' },
        ...schedulesOf({ rate, batchSize, factor, milestones: [change] }, arm),
        sampling: 'epoch-shuffle',
        length: { epochs: change + distance },
        measure: {
          extra: [
            { name: 'amplitude', at: { epochs: [change - distance] }, options: options('before') },
            { name: 'amplitude', at: { end: true }, options: options('after') },
          ],
        },
        replica,
      },
    })),
  );
}

export function marksOf(cell: TrainingCell): ArmMarks {
  return {
    network: cell['network'] as string,
    arm: cell['arm'] as string,
    replica: cell.training.replica,
  };
}

/** papers.md: η = 0.08 and B = 16 for K16, as in HT-5; the rate falls tenfold here. */
const k16: Figure4Config = {
  ...smallColoured,
  network: 'K16',
  rate: 0.08,
  batchSize: 16,
  factor: 10,
  change: 7,
  distance: 1,
  parameters: 100,
  batches: 500,
  piece: 50,
  repeats: 5,
};

/** The paper gives the network, the epoch and the factor of the rate; the rest is our choice. */
const resnet110: Figure4Config = {
  ...whole,
  network: 'ResNet-110',
  rate: 0.1,
  batchSize: 128,
  factor: 10,
  change: 280,
  distance: 1,
  parameters: 100,
  batches: 0,
  piece: 128,
  repeats: 5,
};

export const presets: Readonly<Record<PresetName, Figure4Config>> = {
  smoke: {
    ...k16,
    ...tinyColoured,
    batchSize: 4,
    change: 2,
    parameters: 6,
    batches: 60,
    piece: 8,
    repeats: 1,
  },
  small: k16,
  medium: {
    ...resnet110,
    ...medium,
    network: 'ResNet-20',
    batchSize: 50,
    change: 30,
    batches: 100,
  },
  paper: resnet110,
};
