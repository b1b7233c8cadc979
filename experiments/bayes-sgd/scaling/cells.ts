/** The trainings of a configuration as cells. */
import type { DatasetName } from '../../../data/index.ts';
import { datasetOf } from '../../training/plan.ts';
import type { TrainingCell } from '../../training/settings.ts';
import { checkScalingConfig, type ScalingConfig } from './config.ts';

/** What tells the trainings of one configuration from one another. A type and no interface, so that it is JSON. */
export type ScalingMarks = {
  readonly learningRate: number;
  readonly momentum: number;
  readonly trainExamples: number;
  readonly lambda: number;
  readonly batchSize: number;
  readonly replica: number;
};

/** @throws CONFIG */
export function scalingCells(
  config: ScalingConfig,
  seed: number,
  data: DatasetName | 'published',
): TrainingCell[] {
  checkScalingConfig(config);
  const { hidden, pool, testExamples, lossDivisor, sampling, repeats, testEvery, series } = config;
  return series.flatMap(({ learningRate, momentum, trainExamples, lambda, steps, batchSizes }) =>
    batchSizes.flatMap((batchSize) =>
      Array.from({ length: repeats }, (_, replica): TrainingCell => ({
        dataset: datasetOf({ data: 'mnist' }, data),
        seed,
        training: {
          network: { kind: 'mlp', hidden },
          images: { trainExamples, testExamples, pool },
          // ∇[(Σ ℓ_μ)/10 + λ|w|²/2]/N: a sum over examples, of which a mean is minimised.
          loss: { lossDivisor, l2: lambda / trainExamples },
          optimizer: { name: 'sgd', momentum },
          learningRate,
          batchSize,
          sampling,
          length: { steps },
          ...(testEvery > 0 && { measure: { test: { steps: testEvery } } }),
          replica,
        },
      })),
    ),
  );
}

export function scalingMarks({ training }: TrainingCell): ScalingMarks {
  const { learningRate, batchSize, images, loss, optimizer, replica } = training;
  return {
    learningRate: learningRate as number,
    momentum: (optimizer.name === 'sgd' && optimizer.momentum) || 0,
    trainExamples: images.trainExamples,
    // Rounding of the division by N is not shown.
    lambda: Number(((loss?.l2 ?? 0) * images.trainExamples).toPrecision(12)),
    batchSize: batchSize as number,
    replica,
  };
}

/** `ε 1, m 0.9, N 1000, B 30, initialisation 2`. */
export function scalingLabel(cell: TrainingCell): string {
  const { learningRate, momentum, trainExamples, lambda, batchSize, replica } = scalingMarks(cell);
  const regularised = lambda === 0 ? '' : `λ ${lambda}, `;
  return `ε ${learningRate}, m ${momentum}, N ${trainExamples}, ${regularised}B ${batchSize}, initialisation ${replica + 1}`;
}
