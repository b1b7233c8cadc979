/** Figure 4: pairs of trainings, and the loss on the line through their ends. */
import type { DatasetName } from '../../../data/index.ts';
import type { TrainingCell, TrainingSpec } from '../../training/settings.ts';
import type { PresetName } from '../../types.ts';
import { miniature, resnet56, small, tiny, vgg11 } from '../networks.ts';
import { check, checkCounts, natural } from '../../checks.ts';
import { datasetOf, type Plan } from '../../training/plan.ts';
import { checkPair, planNamed } from '../plan.ts';

/** One training of a pair. A type, so that it is plain data. */
export type End = { readonly rate: number; readonly batchSize: number; readonly epochs: number };

export type PairPlan = Plan & {
  /** θ₁ at a = 0 and θ₂ at a = 1; where η/S differ, θ₁ has the larger. */
  readonly first: End;
  readonly second: End;
};

export interface Figure4Config {
  /** Which of the pairs are trained. */
  readonly pairs: readonly string[];
  readonly repeats: number;
  readonly plans: Readonly<Record<string, PairPlan>>;
  /** Points of the line, from a = -1 to a = 2; both ends and the points half a unit beyond them are added. */
  readonly points: number;
}

/** What tells one pair from the others. A type, so that it is plain data. */
export type PairMarks = {
  readonly pair: string;
  /** η/S of the first and of the second. */
  readonly firstRatio: number;
  readonly secondRatio: number;
  readonly replica: number;
};

/** What the measurement `line` is told: the other training, of the same repeat. */
export type LineSpec = { readonly to: Omit<TrainingSpec, 'replica'>; readonly points: number };

/** A cell trains the first, and at its end the second for the line. @throws CONFIG */
export function cells(
  { pairs, repeats, plans, points }: Figure4Config,
  seed: number,
  data: DatasetName | 'published',
): readonly TrainingCell[] {
  checkCounts('lr-over-batch/figure4', { repeats });
  check(
    'lr-over-batch/figure4',
    pairs.length > 0,
    `pairs is empty: name some of ${Object.keys(plans).join(', ')}`,
  );
  check('lr-over-batch/figure4', natural(points) && points > 1, `points is ${points}: give at least 2`);
  return pairs.flatMap((pair) => {
    const plan = planNamed('lr-over-batch/figure4', plans, pair);
    const { first, second, network, images } = plan;
    for (const { rate, batchSize, epochs } of [first, second]) {
      checkPair(`lr-over-batch/figure4, ${pair}`, rate, batchSize, images.trainExamples);
      check(
        `lr-over-batch/figure4, ${pair}`,
        natural(epochs) && epochs > 0,
        `epochs is ${epochs}: give a positive integer`,
      );
    }
    const training = ({ rate, batchSize, epochs }: End): Omit<TrainingSpec, 'replica'> => ({
      network,
      images,
      optimizer: { name: 'sgd' },
      learningRate: rate,
      batchSize,
      sampling: 'epoch-shuffle',
      length: { epochs },
    });
    const options: LineSpec = { to: training(second), points };
    return Array.from({ length: repeats }, (_, replica): TrainingCell => ({
      dataset: datasetOf(plan, data),
      seed,
      pair,
      firstRatio: first.rate / first.batchSize,
      secondRatio: second.rate / second.batchSize,
      training: {
        ...training(first),
        measure: { extra: [{ name: 'line', at: { end: true }, options }] },
        replica,
      },
    }));
  });
}

export function marksOf({ pair, firstRatio, secondRatio, training }: TrainingCell): PairMarks {
  return {
    pair: pair as string,
    firstRatio: firstRatio as number,
    secondRatio: secondRatio as number,
    replica: training.replica,
  };
}

/** papers.md 2.3; of the pair with equal ratios it has no small form, and this one is ours: β = 4. */
const smallPlans: Figure4Config['plans'] = {
  'different ratios': {
    ...small(1000, 2000),
    first: { rate: 0.5, batchSize: 16, epochs: 100 },
    second: { rate: 0.5, batchSize: 256, epochs: 1600 },
  },
  'equal ratios': {
    ...small(1000, 2000),
    first: { rate: 0.25, batchSize: 16, epochs: 100 },
    second: { rate: 1, batchSize: 64, epochs: 100 },
  },
};

export const presets: Readonly<Record<PresetName, Figure4Config>> = {
  smoke: {
    pairs: ['different ratios', 'equal ratios'],
    repeats: 1,
    points: 7,
    plans: {
      'different ratios': {
        ...tiny,
        first: { rate: 0.5, batchSize: 16, epochs: 6 },
        second: { rate: 0.5, batchSize: 64, epochs: 24 },
      },
      'equal ratios': {
        ...tiny,
        first: { rate: 0.25, batchSize: 16, epochs: 6 },
        second: { rate: 0.5, batchSize: 32, epochs: 6 },
      },
    },
  },
  small: { pairs: ['different ratios', 'equal ratios'], repeats: 3, points: 31, plans: smallPlans },
  medium: {
    pairs: ['different ratios', 'equal ratios'],
    repeats: 1,
    points: 31,
    plans: {
      'different ratios': {
        ...miniature,
        first: { rate: 0.1, batchSize: 50, epochs: 40 },
        second: { rate: 0.1, batchSize: 500, epochs: 40 },
      },
      'equal ratios': {
        ...miniature,
        first: { rate: 0.1, batchSize: 50, epochs: 40 },
        second: { rate: 0.4, batchSize: 200, epochs: 40 },
      },
    },
  },
  // The rates and sizes of panels (a, b) are not said; those of (c, d) are 0.1 β and 50 β with β not said.
  paper: {
    pairs: ['different ratios', 'equal ratios'],
    repeats: 3,
    points: 31,
    plans: {
      'different ratios': {
        ...resnet56,
        first: { rate: 0.1, batchSize: 50, epochs: 200 },
        second: { rate: 0.1, batchSize: 500, epochs: 200 },
      },
      'equal ratios': {
        ...vgg11,
        first: { rate: 0.1, batchSize: 50, epochs: 200 },
        second: { rate: 0.3, batchSize: 150, epochs: 200 },
      },
    },
  },
};
