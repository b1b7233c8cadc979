/** Trainings as the reports of figures 3 to 8 take them: by series, and in a series by batch size. */
import type { EvaluationRecord } from '../../training/settings.ts';
import type { Trained } from '../../training/grid-of-trainings.ts';
import { groupBy, spread, type Spread } from '../../spread.ts';
import type { ScalingMarks } from './cells.ts';

/** One training. */
export interface Run extends Omit<ScalingMarks, 'trainExamples'> {
  /** N as it was asked for. */
  readonly trainExamples: number;
  /** As a share; null if the training diverged, undefined while it is not over. */
  readonly testAccuracy: number | null | undefined;
  readonly steps: number;
  readonly parameters: number;
  /** Measurements on the test set, in order. */
  readonly evaluations: readonly EvaluationRecord[];
}

/** The trainings of one batch size in a series. */
export interface Point {
  readonly batchSize: number;
  /** Those that came to their end. */
  readonly runs: readonly Run[];
  /** Over those that did not diverge; NaN if there are none. */
  readonly accuracy: Spread;
  readonly diverged: number;
}

export interface MeasuredSeries extends Omit<ScalingMarks, 'batchSize' | 'replica'> {
  /** Ascending in B. */
  readonly points: readonly Point[];
}

export function runsOf(trainings: readonly Trained<ScalingMarks>[]): readonly Run[] {
  return trainings.map(({ marks, evaluations, result }) => ({
    ...marks,
    testAccuracy: result?.testAccuracy,
    steps: result?.steps ?? evaluations.at(-1)?.step ?? 0,
    parameters: result?.parameters ?? 0,
    evaluations: evaluations.filter(({ testAccuracy }) => testAccuracy !== undefined),
  }));
}

/** Ascending in λ, ε, m, N. Trainings that are not over are left out. */
export function seriesOf(runs: readonly Run[]): readonly MeasuredSeries[] {
  const over = runs.filter(({ testAccuracy }) => testAccuracy !== undefined);
  const groups = groupBy(over, ({ learningRate, momentum, trainExamples, lambda }) =>
    [learningRate, momentum, trainExamples, lambda].join(),
  );
  return [...groups.values()]
    .map((group): MeasuredSeries => {
      const { learningRate, momentum, trainExamples, lambda } = group[0]!;
      return { learningRate, momentum, trainExamples, lambda, points: pointsOf(group) };
    })
    .sort(
      (a, b) =>
        a.lambda - b.lambda ||
        a.learningRate - b.learningRate ||
        a.momentum - b.momentum ||
        a.trainExamples - b.trainExamples,
    );
}

function pointsOf(runs: readonly Run[]): Point[] {
  return [...groupBy(runs, ({ batchSize }) => batchSize)]
    .map(([batchSize, group]): Point => {
      const accuracies = accuraciesOf(group);
      return {
        batchSize,
        runs: group,
        accuracy: spread(accuracies),
        diverged: group.length - accuracies.length,
      };
    })
    .sort((a, b) => a.batchSize - b.batchSize);
}

/** Of the runs that did not diverge. */
export function accuraciesOf(runs: readonly Run[]): number[] {
  return runs.flatMap(({ testAccuracy }) => (typeof testAccuracy === 'number' ? [testAccuracy] : []));
}

/** The best batch size of a series, with the sizes next to it, which are its error bars. */
export interface Best {
  readonly point: Point;
  /** The next smaller and the next larger size that were run; undefined at an end of the grid, where B_opt may lie beyond. */
  readonly below: number | undefined;
  readonly above: number | undefined;
}

/** By mean accuracy; of equal ones the smaller. Undefined if everything diverged. */
export function bestOf({ points }: Pick<MeasuredSeries, 'points'>): Best | undefined {
  const known = points.filter(({ accuracy }) => !Number.isNaN(accuracy.mean));
  if (known.length === 0) return undefined;
  const point = known.reduce((a, b) => (b.accuracy.mean > a.accuracy.mean ? b : a));
  const at = points.indexOf(point);
  return { point, below: points[at - 1]?.batchSize, above: points[at + 1]?.batchSize };
}

/** The most accurate batch size of every initialisation that was run with all of them. */
export function bestSizes({ points }: MeasuredSeries): number[] {
  const replicas = [...new Set(points.flatMap(({ runs }) => runs.map(({ replica }) => replica)))];
  return replicas.flatMap((replica) => {
    const own = points.flatMap(({ runs }) => runs.find((run) => run.replica === replica) ?? []);
    if (own.length < points.length) return [];
    const known = own.filter(({ testAccuracy }) => typeof testAccuracy === 'number');
    if (known.length === 0) return [];
    return [known.reduce((a, b) => (b.testAccuracy! > a.testAccuracy! ? b : a)).batchSize];
  });
}
