/** A grid of trainings from descriptions, so small that sweeps of replicas can be tested in seconds. */
import { setTimeout } from 'node:timers/promises';
import { gridOfTrainings } from '../../experiments/training/grid-of-trainings.ts';
import type { GridExperiment } from '../../experiments/grid.ts';

export interface ToyTrainingsConfig {
  readonly rates: readonly number[];
  readonly repeats: number;
  readonly steps: number;
  /** Milliseconds that a step takes at least. */
  readonly delay: number;
}

const smoke: ToyTrainingsConfig = { rates: [0.05, 0.1], repeats: 2, steps: 6, delay: 0 };

export const toyTrainings: GridExperiment<ToyTrainingsConfig> = gridOfTrainings<
  ToyTrainingsConfig,
  { readonly rate: number; readonly replica: number }
>({
  name: 'toy/grid',
  title: 'Repeats',
  description: 'Do replicas train as trainings by themselves?',
  presets: { smoke, small: smoke, medium: smoke, paper: smoke },
  cells: ({ rates, repeats, steps, delay }, seed) =>
    rates.flatMap((learningRate) =>
      Array.from({ length: repeats }, (_, replica) => ({
        dataset: { name: 'procedural' as const },
        seed,
        training: {
          network: { kind: 'mlp' as const, hidden: [3] },
          images: { trainExamples: 20, testExamples: 10, pool: true },
          optimizer: { name: 'sgd' as const, momentum: 0.5 },
          learningRate,
          batchSize: 5,
          sampling: 'epoch-shuffle' as const,
          length: { steps },
          measure: {
            trainLoss: { steps: 2 },
            extra: [{ name: 'pause', at: { every: { steps: 1 } }, options: { delay } }],
          },
          replica,
        },
      })),
    ),
  label: ({ training }) => `rate ${Number(training.learningRate)}, initialisation ${training.replica + 1}`,
  marks: ({ training }) => ({ rate: Number(training.learningRate), replica: training.replica }),
  measurements: {
    async *pause({ nextBatch }, { delay }) {
      await setTimeout(Number(delay));
      yield { kind: 'metric', name: 'pause', first: nextBatch[0] ?? -1 };
    },
  },
  report: (trainings) => ({
    title: 'Repeats',
    lead: `${trainings.filter(({ result }) => result).length} trainings have ended.`,
    sections: [],
  }),
  summary: (trainings) => ({ losses: trainings.map(({ result }) => result?.trainLoss ?? null) }),
});
