/** Small trainings from descriptions, for tests. */
import type { Dataset } from '../../data/index.ts';
import type { TrainingSpec } from '../../experiments/training/settings.ts';
import { trainingRecords, type TrainingContext } from '../../experiments/training/train.ts';
import type { RunRecord } from '../../experiments/types.ts';

/** A perceptron on 40 images for eight steps, measured on the way. */
export function tinySpec(changes: Partial<TrainingSpec> = {}): TrainingSpec {
  return {
    network: { kind: 'mlp', hidden: [6] },
    images: { trainExamples: 40, testExamples: 10, pool: true },
    optimizer: { name: 'sgd', momentum: 0.9 },
    learningRate: 0.05,
    batchSize: 10,
    sampling: 'epoch-shuffle',
    length: { steps: 8 },
    measure: { trainLoss: { steps: 3 }, test: { epochs: 1 } },
    replica: 0,
    ...changes,
  };
}

/** All records of a training. */
export async function trainSpec(
  spec: TrainingSpec,
  dataset: Dataset,
  changes: Partial<TrainingContext> = {},
): Promise<RunRecord[]> {
  const context: TrainingContext = {
    seed: 3,
    dataset,
    signal: { aborted: false },
    progress: () => undefined,
    log: () => undefined,
    ...changes,
  };
  const records: RunRecord[] = [];
  for await (const record of trainingRecords(spec, context)) records.push(record);
  return records;
}
