/** The records of HT-1 and HT-3 as the types they are: by network, moment and batch size, over repeats. */
import { groupBy, spread } from '../../spread.ts';
import type { Cell } from '../../report.ts';
import type { Trained } from '../../training/grid-of-trainings.ts';
import type { RunRecord } from '../../types.ts';
import { batchFitsOf, type BatchFits } from '../transformer/records.ts';
import type { NoiseMarks } from './cells.ts';

/** Before the first step, or where the training ended. */
export type Moment = 'start' | 'end';

/** What one training has at one batch size. */
export interface Reading extends BatchFits {
  readonly replica: number;
  /** α̂ of samples of the stable law with the mean α̂ found. */
  readonly alike: readonly number[];
  readonly dead: number;
  readonly unit: string;
}

/** Over repeats. */
export interface Readings {
  readonly moment: Moment;
  readonly batchSize: number;
  readonly repeats: readonly Reading[];
}

export interface NetworkReadings {
  readonly network: string;
  readonly trainings: readonly Trained<NoiseMarks>[];
  /** Start before end, batch sizes ascending. */
  readonly readings: readonly Readings[];
  at(moment: Moment): readonly Readings[];
}

export function networkReadings(trainings: readonly Trained<NoiseMarks>[]): readonly NetworkReadings[] {
  return [...groupBy(trainings, ({ marks }) => marks.network)].map(([network, own]): NetworkReadings => {
    const readings = (['start', 'end'] as const).flatMap((moment) => {
      const all = own.flatMap((training) => readingsOf(training, moment));
      const sizes = [...new Set(all.map(({ batchSize }) => batchSize))].sort((a, b) => a - b);
      return sizes.map((batchSize): Readings => ({
        moment,
        batchSize,
        repeats: all.filter((reading) => reading.batchSize === batchSize),
      }));
    });
    const trained = [...own].sort((a, b) => a.marks.replica - b.marks.replica);
    return {
      network,
      trainings: trained,
      readings,
      at: (moment) => readings.filter((reading) => reading.moment === moment),
    };
  });
}

function readingsOf({ marks, records }: Trained<NoiseMarks>, moment: Moment): readonly Reading[] {
  const own = records.filter((record) => 'step' in record && (record['step'] === 0) === (moment === 'start'));
  return batchFitsOf(own).map((fits): Reading => {
    const named = (name: string): readonly RunRecord[] =>
      own.filter((record) => record.name === name && record['batchSize'] === fits.batchSize);
    const sample = named('sample')[0];
    return {
      ...fits,
      replica: marks.replica,
      alike: named('alike').map((record) => record['alpha'] as number),
      dead: (sample?.['dead'] as number | undefined) ?? 0,
      unit: (sample?.['unit'] as string | undefined) ?? '',
    };
  });
}

/** The mean over repeats of what each has, ± one standard error where there are several. */
export function overRepeats<R>(repeats: readonly R[], of: (reading: R) => number): Cell {
  const values = repeats.map(of).filter(Number.isFinite);
  if (values.length === 0) return null;
  const { mean, error } = spread(values);
  return values.length > 1 ? { value: mean, error } : mean;
}

export function meanOf<F>(fits: readonly F[], of: (fit: F) => number): number {
  return spread(fits.map(of)).mean;
}

/** The standard deviation, divisor n - 1. */
export function deviationOf(values: readonly number[]): number {
  return spread(values).deviation;
}

/** Null where there are none: all parameters drawn were dead. */
export function rangeOf(values: readonly number[]): {
  readonly least: number | null;
  readonly greatest: number | null;
} {
  if (values.length === 0) return { least: null, greatest: null };
  return { least: Math.min(...values), greatest: Math.max(...values) };
}
