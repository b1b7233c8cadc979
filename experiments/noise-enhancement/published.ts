/** Published figures of the noise-enhancement study for F1 on Fashion-MNIST: papers.md 1.3, tables 2 and 3. */

export interface PublishedRun {
  readonly alpha: number;
  readonly batchSize: number;
  /** Test accuracy as a share, mean and standard deviation over 10 initialisations. */
  readonly accuracy: number;
  readonly accuracyDeviation: number;
  /** Optimizer steps until the training loss is below 0.001; not published for every run. */
  readonly steps?: number;
  readonly stepsDeviation?: number;
}

/** At the best batch size of α = 1 and 1.5, and at the best α of B = 5000. */
export const publishedF1: readonly PublishedRun[] = [
  {
    alpha: 1,
    batchSize: 900,
    accuracy: 0.9017,
    accuracyDeviation: 0.0014,
    steps: 10_934,
    stepsDeviation: 816,
  },
  {
    alpha: 1.5,
    batchSize: 2000,
    accuracy: 0.9039,
    accuracyDeviation: 0.0017,
    steps: 7914,
    stepsDeviation: 528,
  },
  { alpha: 3, batchSize: 5000, accuracy: 0.9035, accuracyDeviation: 0.0005 },
];
