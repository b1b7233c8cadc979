/** HT-5 of papers.md 5.3: three trainings, of which one lowers its rate, one raises its batch, and one does neither. */
import type { DatasetName } from '../../../../data/index.ts';
import type { ArmMarks } from '../../../training/arms.ts';
import type { NetworkSpec, TrainingCell } from '../../../training/settings.ts';
import type { PresetName } from '../../../types.ts';
import { arms, marksOf as armMarks, schedulesOf } from '../figure4/config.ts';
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

export interface GrowthConfig extends Subject {
  readonly rate: number;
  readonly batchSize: number;
  /** What the rate is divided by, or the batch multiplied with, at each of the milestones. */
  readonly factor: number;
  readonly milestones: readonly number[];
  readonly epochs: number;
  /** Examples that are normalised together, whatever the batch; 0 is for networks without normalisation. */
  readonly group: number;
  /** Examples per pass of a gradient; 0 is one pass. */
  readonly microbatch: number;
  /** Epochs from one evaluation to the next. */
  readonly every: number;
  readonly lossExamples: number;
  readonly repeats: number;
}

const what = 'heavy-tail/batch-growth';

/** @throws CONFIG */
export function cells(
  config: GrowthConfig,
  seed: number,
  asked: DatasetName | 'published',
): readonly TrainingCell[] {
  const { network, images, rate, batchSize, factor, milestones, epochs, group, repeats } = config;
  const { dataset, examples } = imagesFor(config, asked);
  checkCounts(what, { repeats, epochs });
  checkPositive(what, { rate });
  check(what, factor > 1 && factor < Infinity, `factor is ${factor}: give a number above 1`);
  check(what, config.every > 0, `every is ${config.every}: give a positive number of epochs`);
  check(
    what,
    milestones.length > 0 &&
      milestones.every((epoch, k) => epoch > (milestones[k - 1] ?? 0) && epoch < epochs),
    `milestones are ${milestones.join(', ')}: give some that ascend, above 0 and below the ${epochs} epochs`,
  );
  checkBatch(what, batchSize, examples);
  checkBatch(what, Math.round(batchSize * factor ** milestones.length), examples);
  const { microbatch, every, lossExamples } = config;
  return arms.flatMap((arm) =>
    Array.from({ length: repeats }, (_, replica): TrainingCell => ({
      dataset,
      seed,
      arm,
      network,
      training: {
        network: normalizedBy(networkNamed(what, network), group),
        images,
        optimizer: { name: 'sgd' },
        ...schedulesOf(config, arm),
        sampling: 'epoch-shuffle',
        length: { epochs },
        measure: { trainLoss: { epochs: every }, test: { epochs: every }, lossExamples },
        ...(microbatch > 0 && { microbatch }),
        replica,
      },
    })),
  );
}

/** Groups of one size: a batch that grows is then normalised as it was. */
function normalizedBy(network: NetworkSpec, group: number): NetworkSpec {
  if (network.kind === 'resnet') {
    check(
      what,
      group > 1,
      `group is ${group}: ${network.kind} is normalised, so give the size of its groups`,
    );
    return { ...network, norm: group };
  }
  check(what, group === 0, `group is ${group}: ${network.kind} has no normalisation, so set 0`);
  return network;
}

export const marksOf: (cell: TrainingCell) => ArmMarks = armMarks;

/** papers.md 5.3. */
const k16: GrowthConfig = {
  ...smallColoured,
  network: 'K16',
  rate: 0.08,
  batchSize: 16,
  factor: 5,
  milestones: [7, 11],
  epochs: 15,
  group: 0,
  microbatch: 0,
  every: 3,
  lossExamples: 500,
  repeats: 3,
};

/** The paper gives the network, the epochs and the milestones; its data set is not named, and the rest is our choice. */
const resnet20: GrowthConfig = {
  ...whole,
  network: 'ResNet-20',
  rate: 0.1,
  batchSize: 128,
  factor: 10,
  milestones: [30, 60],
  epochs: 90,
  group: 128,
  microbatch: 1280,
  every: 5,
  lossExamples: 5000,
  repeats: 3,
};

export const presets: Readonly<Record<PresetName, GrowthConfig>> = {
  smoke: {
    ...k16,
    ...tinyColoured,
    batchSize: 4,
    factor: 3,
    milestones: [2, 3],
    epochs: 4,
    every: 1,
    lossExamples: 32,
    repeats: 2,
  },
  small: k16,
  medium: {
    ...resnet20,
    ...medium,
    batchSize: 50,
    factor: 5,
    milestones: [13, 26],
    epochs: 40,
    group: 50,
    microbatch: 250,
    lossExamples: 1000,
  },
  paper: resnet20,
};
