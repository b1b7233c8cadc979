/** Figure 5: η = β η₁ and S = β S₁ on training sets of two sizes, until the equivalence breaks down. */
import type { DatasetName } from '../../../data/index.ts';
import type { TrainingCell } from '../../training/settings.ts';
import type { PresetName } from '../../types.ts';
import { miniature, small, tiny, vgg11 } from '../networks.ts';
import { check, checkCounts, natural, positive } from '../../checks.ts';
import { datasetOf, type Plan } from '../../training/plan.ts';
import { checkPair } from '../plan.ts';

export interface Figure5Config {
  readonly plan: Plan;
  /** η₁ and S₁. */
  readonly rate: number;
  readonly batchSize: number;
  /** β; 1 must be among them. */
  readonly factors: readonly number[];
  /** Training sets, the smallest first, and how long each is trained. */
  readonly sizes: readonly { readonly trainExamples: number; readonly epochs: number }[];
  /** Epochs after which accuracies are compared. */
  readonly readAt: number;
  readonly repeats: number;
}

/** What tells one training from the others. A type, so that it is plain data. */
export type BreakdownMarks = {
  readonly trainExamples: number;
  readonly factor: number;
  readonly replica: number;
};

/** @throws CONFIG */
export function cells(
  config: Figure5Config,
  seed: number,
  data: DatasetName | 'published',
): readonly TrainingCell[] {
  const { plan, rate, batchSize, factors, sizes, readAt, repeats } = config;
  const what = 'lr-over-batch/figure5';
  checkCounts(what, { repeats });
  check(
    what,
    factors.length > 1 &&
      factors[0] === 1 &&
      factors.every((beta, k) => positive(beta) && (k === 0 || beta > (factors[k - 1] as number))),
    `factors are ${factors.join(', ')}: begin with 1 and ascend`,
  );
  check(
    what,
    sizes.length > 0 &&
      sizes.every(
        ({ trainExamples, epochs }, k) =>
          natural(trainExamples) &&
          trainExamples > (k === 0 ? 0 : (sizes[k - 1]?.trainExamples ?? 0)) &&
          natural(epochs) &&
          epochs >= readAt,
      ),
    `sizes are ${JSON.stringify(sizes)}: give ascending numbers of training examples, each with at least the ${readAt} epochs of readAt`,
  );
  check(what, natural(readAt) && readAt > 0, `readAt is ${readAt}: give a positive number of epochs`);
  checkPair(what, rate, batchSize, sizes[0]?.trainExamples ?? 0);
  return sizes.flatMap(({ trainExamples, epochs }) =>
    factors.flatMap((factor) =>
      Array.from({ length: repeats }, (_, replica): TrainingCell => ({
        dataset: datasetOf(plan, data),
        seed,
        factor,
        training: {
          network: plan.network,
          images: { ...plan.images, trainExamples },
          optimizer: { name: 'sgd' },
          learningRate: rate * factor,
          // More than there are examples cannot be drawn: then the batch is all of them, and η/S is larger than meant.
          batchSize: Math.min(Math.round(batchSize * factor), trainExamples),
          sampling: 'epoch-shuffle',
          length: { epochs },
          measure: { trainLoss: { epochs: Math.max(1, Math.floor(epochs / 10)) }, test: { epochs: 1 } },
          replica,
        },
      })),
    ),
  );
}

export function marksOf({ factor, training }: TrainingCell): BreakdownMarks {
  return {
    trainExamples: training.images.trainExamples,
    factor: factor as number,
    replica: training.replica,
  };
}

export const presets: Readonly<Record<PresetName, Figure5Config>> = {
  smoke: {
    plan: tiny,
    rate: 0.1,
    batchSize: 8,
    factors: [1, 2, 16],
    sizes: [
      { trainExamples: 100, epochs: 4 },
      { trainExamples: 200, epochs: 3 },
    ],
    readAt: 3,
    repeats: 2,
  },
  // papers.md 2.3.
  small: {
    plan: small(0, 2000),
    rate: 0.1,
    batchSize: 8,
    factors: [1, 2, 4, 8, 16, 32, 64],
    sizes: [
      { trainExamples: 500, epochs: 40 },
      { trainExamples: 4000, epochs: 20 },
    ],
    readAt: 5,
    repeats: 5,
  },
  medium: {
    plan: miniature,
    rate: 0.1,
    batchSize: 50,
    factors: [1, 2, 4, 6, 8, 12],
    sizes: [
      { trainExamples: 2500, epochs: 40 },
      { trainExamples: 10_000, epochs: 40 },
    ],
    readAt: 20,
    repeats: 1,
  },
  // η₁ = 0.1 and S₁ = 50 are published; β and the two sizes are not said.
  paper: {
    plan: vgg11,
    rate: 0.1,
    batchSize: 50,
    factors: [1, 3, 5, 7, 9, 11, 13, 15],
    sizes: [
      { trainExamples: 12_000, epochs: 200 },
      { trainExamples: 45_000, epochs: 200 },
    ],
    readAt: 100,
    repeats: 5,
  },
};
