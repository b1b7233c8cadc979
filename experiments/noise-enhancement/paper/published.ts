/** The published figures: papers.md 1.3, tables 2 and 3. Means and standard deviations over 10 initialisations. */
import type { NetworkName } from './config.ts';

/** A mean and the standard deviation over initialisations. */
export interface Published {
  readonly mean: number;
  readonly deviation: number;
}

/** Table 2: what a network reached at the best batch size of an α. */
export interface PublishedBest {
  readonly network: NetworkName;
  readonly alpha: number;
  readonly batchSize: number;
  /** Test accuracy as a share. */
  readonly accuracy: Published;
  /** Optimizer steps until the training loss was below L**. */
  readonly steps: Published;
}

function best(
  network: NetworkName,
  alpha: number,
  batchSize: number,
  [accuracy, accuracyDeviation]: readonly [number, number],
  [steps, stepsDeviation]: readonly [number, number],
): PublishedBest {
  return {
    network,
    alpha,
    batchSize,
    accuracy: share(accuracy, accuracyDeviation),
    steps: { mean: steps, deviation: stepsDeviation },
  };
}

/** Of percentages as they are printed, digit by digit: 90.17 becomes 0.9017. */
function share(mean: number, deviation: number): Published {
  return { mean: Number((mean / 100).toFixed(4)), deviation: Number((deviation / 100).toFixed(4)) };
}

export const table2: readonly PublishedBest[] = [
  best('C1', 1, 100, [88.05, 0.18], [24_500, 2775]),
  best('C1', 1.5, 200, [88.69, 0.11], [20_825, 2113]),
  best('C1', 2, 300, [88.77, 0.3], [15_932, 1870]),
  best('C1', 2.5, 500, [88.66, 0.22], [10_040, 1153]),
  best('F1', 1, 900, [90.17, 0.14], [10_934, 816]),
  best('F1', 1.5, 2000, [90.39, 0.17], [7914, 528]),
  best('C2', 1, 600, [61.4, 0.54], [5292, 935]),
  best('C2', 1.5, 1000, [61.75, 0.48], [5175, 748]),
];

/** Table 3: the best α at B = 5000. Its other column, the best B without noise enhancement, is α = 1 of table 2. */
export interface PublishedEnhanced {
  readonly network: NetworkName;
  readonly alpha: number;
  readonly batchSize: 5000;
  readonly accuracy: Published;
}

export const table3: readonly PublishedEnhanced[] = [
  { network: 'F1', alpha: 3, batchSize: 5000, accuracy: share(90.35, 0.05) },
  { network: 'C1', alpha: 10, batchSize: 5000, accuracy: share(88.26, 0.23) },
  { network: 'C2', alpha: 5, batchSize: 5000, accuracy: share(61.53, 0.35) },
];
