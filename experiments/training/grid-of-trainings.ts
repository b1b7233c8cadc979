/** A whole grid experiment from what is particular to it: its cells, its measurements, and its report. */
import type { DatasetName } from '../../data/index.ts';
import type { ReportData } from '../report.ts';
import type { Json, Manifest, PresetName, RunRecord } from '../types.ts';
import type { Measurements } from './measurement.ts';
import type { EvaluationRecord, TrainingCell, TrainingRecord } from './settings.ts';

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
