/** What the tuner tried and what it chose. */
import type { ReportData, TableSection } from '../../report.ts';
import type { Manifest, RunRecord } from '../../types.ts';
import { groupBy } from '../../spread.ts';
import type { Setting, Trial } from './heuristic.ts';

export const TITLE = 'Bayes and SGD: tuning batch size, learning rate and momentum together';

/** What came out. */
export interface Chosen extends Setting {
  /** On the validation set, and on the test set. */
  readonly accuracy: number;
  readonly testAccuracy: number;
  /** N. */
  readonly examples: number;
}

export function trialsOf(records: readonly RunRecord[]): readonly Trial[] {
  return records.filter(({ name }) => name === 'trial') as unknown as Trial[];
}

export function chosenOf(records: readonly RunRecord[]): Chosen | undefined {
  const found = records.find(({ name }) => name === 'chosen');
  if (!found) return undefined;
  const { learningRate, momentum, batchSize, accuracy, testAccuracy, examples } = found as unknown as Chosen;
  return { learningRate, momentum, batchSize, accuracy, testAccuracy, examples };
}

export function tunerReport(records: readonly RunRecord[], { preset, dataset, seed }: Manifest): ReportData {
  const trials = trialsOf(records);
  const chosen = chosenOf(records);
  return {
    title: TITLE,
    lead:
      'The heuristic of section 5: batch sizes on a logarithmic grid with ε = 1 and m = 0.9, with ε = 0.1 if the best is poor; then B times 5 and 1 − m over 5 as long as the validation accuracy does not fall; ' +
      `then a linear grid. Accuracies are those on a validation set held out of the training set. Preset ${preset}, ${dataset.name}, seed ${seed}; ${trials.length} trials.`,
    sections: [
      ...(chosen ? [chosenTable(chosen)] : []),
      ...(trials.length === 0
        ? []
        : [
            {
              kind: 'figure' as const,
              id: 'trials',
              heading: 'Validation accuracy over the batch size',
              caption: 'A series for each ε and m that was tried.',
              x: { label: 'batch size B', scale: 'log' as const },
              y: { label: 'validation accuracy', percent: true },
              series: [
                ...groupBy(trials, ({ learningRate, momentum }) => `ε = ${learningRate}, m = ${momentum}`),
              ].map(([label, group]) => ({
                label,
                points: [...group]
                  .sort((a, b) => a.batchSize - b.batchSize)
                  .flatMap(({ batchSize, accuracy }) =>
                    Number.isNaN(accuracy) ? [] : [{ x: batchSize, y: accuracy }],
                  ),
              })),
            },
            trialTable(trials),
          ]),
    ],
  };
}

function chosenTable({ accuracy, ...rest }: Chosen): TableSection {
  return {
    kind: 'table',
    heading: 'What was found',
    caption: 'The accuracy on the test set was measured once, with what had been chosen.',
    columns: [
      { key: 'learningRate', label: 'ε', align: 'right' },
      { key: 'momentum', label: 'm', align: 'right' },
      { key: 'batchSize', label: 'B', format: 'integer' },
      { key: 'validation', label: 'validation accuracy', format: 'percent' },
      { key: 'testAccuracy', label: 'test accuracy', format: 'percent' },
    ],
    rows: [
      {
        ...rest,
        learningRate: String(rest.learningRate),
        momentum: String(rest.momentum),
        validation: accuracy,
      },
    ],
    terminal: true,
  };
}

function trialTable(trials: readonly Trial[]): TableSection {
  return {
    kind: 'table',
    heading: 'All trials',
    caption: 'In their order. An absent accuracy is that of a training that diverged.',
    columns: [
      { key: 'phase', label: 'step' },
      { key: 'learningRate', label: 'ε', align: 'right' },
      { key: 'momentum', label: 'm', align: 'right' },
      { key: 'batchSize', label: 'B', format: 'integer' },
      { key: 'accuracy', label: 'validation accuracy', format: 'percent' },
    ],
    rows: trials.map(({ phase, learningRate, momentum, batchSize, accuracy }) => ({
      phase,
      learningRate: String(learningRate),
      momentum: String(momentum),
      batchSize,
      accuracy: Number.isNaN(accuracy) ? null : accuracy,
    })),
    terminal: true,
  };
}
