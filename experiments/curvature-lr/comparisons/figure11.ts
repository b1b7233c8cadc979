/** Figures 11 to 14: a first epoch of small batches at a small rate. */
import type { GridExperiment } from '../../grid.ts';
import { decideGreater } from '../decide.ts';
import { check, checkCounts, natural, positive } from '../../checks.ts';
import type { Plan } from '../../training/plan.ts';
import { alexnet, alexnetMedium, k16, tiny } from '../plan.ts';
import { accuraciesDuring, armOf, comparison, finals, type Arm, type Way } from './arms.ts';

export interface Figure11Config {
  readonly plan: Plan;
  readonly batchSize: number;
  readonly rate: number;
  /** Of the first epoch, in one of the two trainings. */
  readonly firstBatchSize: number;
  readonly firstRate: number;
  readonly epochs: number;
  /** Epochs in which stumbling is looked for. */
  readonly early: number;
  readonly repeats: number;
}

const plain = ({ batchSize, rate, epochs }: Figure11Config): Way => ({
  batchSize,
  learningRate: rate,
  epochs,
});

const changed = ({ batchSize, rate, firstBatchSize, firstRate, epochs }: Figure11Config): Way => ({
  batchSize: { kind: 'firstEpoch', first: firstBatchSize, after: batchSize },
  learningRate: { kind: 'firstEpoch', first: firstRate, after: rate },
  epochs,
});

export const figure11: GridExperiment<Figure11Config> = comparison<Figure11Config>({
  figure: 'figure11',
  title: 'Curvature and learning rate, figures 11 to 14: the first epoch',
  description:
    'Does a first epoch with small batches and a small rate make training with large batches stumble less and end better? AlexNet on CIFAR-10.',
  lead: 'One training has a large batch throughout, the other small batches at a small rate during its first epoch. The paper shows less stumbling in the first 80 epochs and a higher and tighter accuracy at the end.',
  presets: {
    smoke: {
      plan: tiny,
      batchSize: 80,
      rate: 0.05,
      firstBatchSize: 16,
      firstRate: 0.02,
      epochs: 3,
      early: 2,
      repeats: 1,
    },
    // papers.md 4.4.
    small: {
      plan: k16,
      batchSize: 500,
      rate: 0.05,
      firstBatchSize: 64,
      firstRate: 0.02,
      epochs: 15,
      early: 8,
      repeats: 5,
    },
    medium: {
      plan: alexnetMedium,
      batchSize: 2048,
      rate: 0.05,
      firstBatchSize: 128,
      firstRate: 0.005,
      epochs: 20,
      early: 10,
      repeats: 2,
    },
    // Rates and batch sizes are published; 160 epochs are ours.
    paper: {
      plan: alexnet,
      batchSize: 8192,
      rate: 0.05,
      firstBatchSize: 512,
      firstRate: 0.005,
      epochs: 160,
      early: 80,
      repeats: 5,
    },
  },
  prototype: { 'B 500, lr 0.05': 0.297, 'B 64, then 500, lr 0.02, then 0.05': 0.311 },
  ways(config) {
    const { firstRate, rate, firstBatchSize, early } = config;
    check(
      'curvature-lr/figure11',
      positive(rate) && positive(firstRate),
      `rates are ${rate} and ${firstRate}: give positive numbers`,
    );
    checkCounts('curvature-lr/figure11', { firstBatchSize });
    check('curvature-lr/figure11', natural(early) && early > 1, `early is ${early}: give at least 2 epochs`);
    return [plain(config), changed(config)];
  },
  claims(arms, config) {
    const [without, with_] = [armOf(arms, plain(config)), armOf(arms, changed(config))];
    return [
      {
        letter: 'a',
        short: 'stumbles less early on',
        statement: `Test accuracy falls back less in the first ${config.early} epochs.`,
        test: `Stumbling is read as the sum of all falls of the test accuracy from one epoch to the next, up to epoch ${config.early}. Mann and Whitney’s test.`,
        ...decideGreater(
          ['with the change', stumbling(with_, config.early)],
          ['without', stumbling(without, config.early)],
        ),
      },
      {
        letter: 'b',
        short: 'ends more accurate',
        statement: 'Test accuracy is higher at the end.',
        test: 'Mann and Whitney’s test of the test accuracy at the end.',
        ...decideGreater(['without', finals(without)], ['with the change', finals(with_)]),
      },
      {
        letter: 'c',
        short: 'ends tighter',
        statement: 'Test accuracies at the end are closer together.',
        test: 'Mann and Whitney’s test of the distances from the median of the arm.',
        ...decideGreater(['with the change', distances(with_)], ['without', distances(without)]),
      },
    ];
  },
});

/** Of each training the sum of the falls from epoch to epoch. */
function stumbling(arm: Arm | undefined, last: number): number[] {
  return accuraciesDuring(arm, 1, last).map((values) =>
    values.slice(1).reduce((sum, value, k) => sum + Math.max(0, values[k]! - value), 0),
  );
}

function distances(arm: Arm | undefined): number[] {
  const sorted = finals(arm).sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  return sorted.map((value) => Math.abs(value - median));
}
