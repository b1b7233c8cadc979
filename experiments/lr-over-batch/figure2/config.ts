/** Figure 2: a small batch, and a large one whose rate is scaled linearly, by the square root, or not at all. */
import type { DatasetName } from '../../../data/index.ts';
import type { TrainingCell } from '../../training/settings.ts';
import type { PresetName } from '../../types.ts';
import type { ArmMarks } from '../../training/arms.ts';
import { miniature, resnet56, small, tiny, vgg11 } from '../networks.ts';
import { check, checkCounts, checkPositive, positive } from '../../checks.ts';
import { datasetOf, type Plan } from '../../training/plan.ts';
import { checkPair, planNamed } from '../plan.ts';

export type RescalingPlan = Plan & {
  /** η and S of the small batch; the large one has β S. */
  readonly rate: number;
  readonly batchSize: number;
  readonly factor: number;
  /** All rates are multiplied by `decay` at these epochs. */
  readonly decay: number;
  readonly milestones: readonly number[];
  readonly epochs: number;
};

export interface Figure2Config {
  /** Which of the plans are trained. */
  readonly networks: readonly string[];
  readonly repeats: number;
  readonly plans: Readonly<Record<string, RescalingPlan>>;
}

/** In the order of tables and legends, and in which the claim has their distances from the first. */
export const arms = ['small batch', 'linear', 'square root', 'none'] as const;

export type ArmName = (typeof arms)[number];

/** The rate to begin with, and S. */
export function pairOf(
  { rate, batchSize, factor }: Pick<RescalingPlan, 'rate' | 'batchSize' | 'factor'>,
  arm: ArmName,
): { readonly rate: number; readonly batchSize: number } {
  const large = Math.round(batchSize * factor);
  switch (arm) {
    case 'small batch':
      return { rate, batchSize };
    case 'linear':
      return { rate: rate * factor, batchSize: large };
    case 'square root':
      return { rate: rate * Math.sqrt(factor), batchSize: large };
    case 'none':
      return { rate, batchSize: large };
  }
}

/** @throws CONFIG */
export function cells(
  { networks, repeats, plans }: Figure2Config,
  seed: number,
  data: DatasetName | 'published',
): readonly TrainingCell[] {
  checkCounts('lr-over-batch/figure2', { repeats });
  check(
    'lr-over-batch/figure2',
    networks.length > 0,
    `networks is empty: name some of ${Object.keys(plans).join(', ')}`,
  );
  return networks.flatMap((name) => {
    const plan = planNamed('lr-over-batch/figure2', plans, name);
    checkPlan(`lr-over-batch/figure2, ${name}`, plan);
    const { network, images, decay, milestones, epochs } = plan;
    return arms.flatMap((arm) =>
      Array.from({ length: repeats }, (_, replica): TrainingCell => {
        const { rate, batchSize } = pairOf(plan, arm);
        return {
          dataset: datasetOf(plan, data),
          seed,
          network: name,
          arm,
          training: {
            network,
            images,
            optimizer: { name: 'sgd' },
            learningRate:
              milestones.length === 0
                ? rate
                : { kind: 'multiStep', initial: rate, factor: decay, milestones, unit: 'epochs' },
            batchSize,
            sampling: 'epoch-shuffle',
            length: { epochs },
            measure: { trainLoss: { epochs: 1 }, test: { epochs: 1 } },
            replica,
          },
        };
      }),
    );
  });
}

function checkPlan(what: string, plan: RescalingPlan): void {
  const { factor, decay, milestones, epochs, images } = plan;
  check(what, factor > 1 && factor < Infinity, `factor is ${factor}: give a number above 1`);
  checkPositive(what, { decay });
  check(
    what,
    milestones.every((epoch, k) => positive(epoch) && (k === 0 || epoch > (milestones[k - 1] as number))),
    `milestones are ${milestones.join(', ')}: give epochs above 0 that ascend`,
  );
  checkCounts(what, { epochs });
  for (const arm of arms) {
    const { rate, batchSize } = pairOf(plan, arm);
    checkPair(what, rate, batchSize, images.trainExamples);
  }
}

export function marksOf({ network, arm, training }: TrainingCell): ArmMarks {
  return { network: network as string, arm: arm as string, replica: training.replica };
}

/** LB gives S = 50 and the schedules; a large S of 500 and the rates are our choice (papers.md 2.3). */
const pair = { rate: 0.01, batchSize: 50, factor: 10 };
const byTen = { decay: 0.1, milestones: [60, 100, 140, 180], epochs: 200 };
const byTwo = { decay: 0.5, milestones: [25, 50, 75, 100, 125, 150, 175], epochs: 200 };
const quarter = { decay: 0.5, milestones: [10, 20, 30], epochs: 40 };

export const presets: Readonly<Record<PresetName, Figure2Config>> = {
  smoke: {
    networks: ['MLP'],
    repeats: 2,
    plans: { MLP: { ...tiny, rate: 0.05, batchSize: 8, factor: 8, decay: 0.5, milestones: [2], epochs: 4 } },
  },
  // papers.md has no small LB-2: this is the network of its LB-1, in batches small enough for β = 8.
  small: {
    networks: ['MLP'],
    repeats: 5,
    plans: { MLP: { ...small(2000, 2000), rate: 0.05, batchSize: 16, factor: 8, ...quarter } },
  },
  medium: {
    networks: ['C1-mini'],
    repeats: 1,
    plans: { 'C1-mini': { ...miniature, ...pair, ...quarter } },
  },
  paper: {
    networks: ['ResNet-56', 'VGG-11'],
    repeats: 1,
    plans: { 'ResNet-56': { ...resnet56, ...pair, ...byTen }, 'VGG-11': { ...vgg11, ...pair, ...byTwo } },
  },
};
