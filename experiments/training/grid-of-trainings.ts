/** A whole grid experiment from what is particular to it: its cells, its measurements, and its report. */
import type { DatasetName } from '../../data/index.ts';
import type { CellContext, CellRecords, GridExperiment } from '../grid.ts';
import type { InspectableExperiment } from '../inspect.ts';
import type { MeasurableExperiment } from '../measure/subject.ts';
import { trainingSubject } from '../measure/training.ts';
import type { ReportData } from '../report.ts';
import type { Json, Manifest, PresetName, RunContext, RunRecord } from '../types.ts';
import { checkSpec } from './check.ts';
import { exampleCost } from './cost.ts';
import { withDiverged } from './diverged.ts';
import { imagesOf, withImages } from './images.ts';
import type { Measurements } from './measurement.ts';
import { inspectable } from './inspection.ts';
import { groupOf } from './network.ts';
import { inPasses } from './passes.ts';
import { runAll } from './run-all.ts';
import type { EvaluationRecord, Span, TrainingCell, TrainingRecord } from './settings.ts';
import { extentOf } from './timeline.ts';
import { replicaKeyOf, trainingRecords } from './train.ts';

/** What tells a training from the others in the report: short, and different for every cell. */
export type Marks = { readonly [name: string]: string | number | boolean | null };

/** One training as the report sees it. */
export interface Trained<M extends Marks = Marks> {
  readonly marks: M;
  /** All its records, without the marks. */
  readonly records: readonly RunRecord[];
  readonly evaluations: readonly EvaluationRecord[];
  /** Undefined while it has not come to its end. */
  readonly result: TrainingRecord | undefined;
}

export interface GridDescription<Config extends object, M extends Marks = Marks> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly presets: Readonly<Record<PresetName, Config>>;
  /**
   * In any order: they are sorted by their cost. `data` is the data set asked for, `published` for the paper's own.
   * @throws LangevinError `CONFIG`
   */
  cells(config: Config, seed: number, data: DatasetName | 'published'): readonly TrainingCell[];
  /** For people: `rate 0.1, B 16, initialisation 3`. */
  label(cell: TrainingCell): string;
  marks(cell: TrainingCell): M;
  readonly measurements?: Measurements;
  report(trainings: readonly Trained<M>[], manifest: Manifest): ReportData;
  summary(trainings: readonly Trained<M>[]): { readonly [key: string]: Json };
}

/** The experiment. Its records carry the marks of their training in the field `training`. */
export function gridOfTrainings<Config extends object, M extends Marks>(
  description: GridDescription<Config, M>,
): MeasurableExperiment<Config> & InspectableExperiment<Config> {
  const { name, title, presets, measurements = {} } = description;
  const label = (cell: TrainingCell): string => description.label(cell);
  const cells: GridExperiment<Config>['cells'] = (config, seed, data) =>
    description
      .cells(config, seed, data)
      .map((described) => {
        const { dataset, training } = described;
        const cell = { ...described, dataset: withImages(dataset, training.images) };
        checkSpec(training, countsOf(cell).train);
        return { cell: inPasses(cell), cost: costOf(cell) };
      })
      .sort((a, b) => a.cost - b.cost)
      .map(({ cell }) => cell);
  const runCell = (cell: TrainingCell, context: CellContext): AsyncIterable<RunRecord> =>
    trainingRecords(cell.training, { ...context, seed: cell.seed, measurements, note: label(cell) });
  const mark = (cell: TrainingCell, { kind, name: what, ...fields }: RunRecord): RunRecord => ({
    kind,
    name: what,
    training: description.marks(cell),
    ...fields,
  });
  return {
    name,
    title,
    description: description.description,
    presets,
    cells,
    label: (cell) => label(cell as TrainingCell),
    cost: (cell) => costOf(cell as TrainingCell),
    replicaKey(cell) {
      const { training, ...rest } = cell as TrainingCell;
      const key = replicaKeyOf(training);
      return key && JSON.stringify([rest, key]);
    },
    runCell: (cell, context) => runCell(cell as TrainingCell, context),
    subject: (cell, dataset) => trainingSubject(cell as TrainingCell, dataset),
    trainings: (config, seed, data) =>
      (cells(config, seed, data) as readonly TrainingCell[]).map((cell) => inspectable(cell, label(cell))),
    isFinished,
    gather: (all: readonly CellRecords[]) =>
      all.flatMap(({ cell, records }) => records.map((record) => mark(cell as TrainingCell, record))),
    run: (config, context: RunContext) =>
      runAll(
        {
          cells: cells(config, context.seed, context.dataset.name as DatasetName) as readonly TrainingCell[],
          steps: (cell) => extentOf(cell.training, countsOf(cell).train).steps,
          runCell,
          mark,
        },
        context,
      ),
    report(records, manifest) {
      const trainings = trainingsOf<M>(records);
      return withDiverged(description.report(trainings, manifest), trainings);
    },
    summary: (records) => description.summary(trainingsOf<M>(records)),
  };
}

function isFinished(records: readonly RunRecord[]): boolean {
  return records.some(({ kind, name }) => kind === 'result' && name === 'training');
}

/** The trainings that these marked records are of, in the order of their first records. */
export function trainingsOf<M extends Marks>(records: readonly RunRecord[]): readonly Trained<M>[] {
  const groups = new Map<string, { readonly marks: M; readonly records: RunRecord[] }>();
  for (const { training, ...record } of records) {
    const key = JSON.stringify(training);
    const group = groups.get(key) ?? { marks: training as M, records: [] };
    group.records.push(record);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ marks, records: own }) => {
    const named = <T>(wanted: string): readonly T[] =>
      own.filter(({ name }) => name === wanted) as unknown as readonly T[];
    return {
      marks,
      records: own,
      evaluations: named<EvaluationRecord>('evaluation'),
      result: named<TrainingRecord>('training')[0],
    };
  });
}

function countsOf({ dataset, training: { images } }: TrainingCell): {
  readonly train: number;
  readonly test: number;
} {
  return imagesOf(dataset, images);
}

/**
 * The most a training can take, in multiply-adds: three forward passes for a gradient, one for each example that is
 * evaluated, with the statistics of batch normalisation. What an experiment measures of its own is not counted.
 */
function costOf({ dataset, training }: TrainingCell): number {
  const { network, images, measure = {} } = training;
  const { shape, classes, train, test } = imagesOf(dataset, images);
  const { multiplyAdds } = exampleCost(network, shape, classes);
  const { steps, examples } = extentOf(training, train);
  const times = (span: Span | undefined): number => {
    if (!span) return 1;
    return 1 + ('steps' in span ? steps / span.steps : examples / train / span.epochs);
  };
  const [trainTimes, testTimes] = [times(measure.trainLoss), times(measure.test)];
  const statistics = groupOf(network) === undefined ? 0 : measure.statisticsExamples || train;
  const evaluated =
    trainTimes * ((measure.lossExamples || train) + statistics) + testTimes * (test + statistics);
  return multiplyAdds * (3 * examples + evaluated);
}
