/** What figures 3 and 8 are read for, as numbers of one training: from its test accuracy and cross-entropy on the way. */
import type { MeasuredSeries, Run } from './records.ts';

/** All in test accuracy as a share, and in test cross-entropy in nats. */
export interface Trajectory {
  readonly replica: number;
  /** Mean accuracy over the last quarter of the training. */
  readonly lateAccuracy: number;
  /** Steps until the accuracy first came within {@link NEAR} of that. */
  readonly convergence: number;
  /** Root mean square of half the differences of successive accuracies, over the last half. */
  readonly fluctuation: number;
  /** The least cross-entropy, that at the middle of the training, and that at its end. */
  readonly leastLoss: number;
  readonly middleLoss: number;
  readonly endLoss: number;
}

/** As a share. */
export const NEAR = 0.02;

/** Measurements that a trajectory must have: fewer have no late part to speak of. */
const FEWEST = 4;

/** Of the trainings that came to their end, did not diverge, and were measured on the way. */
export function trajectoriesOf(runs: readonly Run[]): readonly Trajectory[] {
  return runs.flatMap((run) => {
    const { evaluations, testAccuracy, replica } = run;
    if (typeof testAccuracy !== 'number' || evaluations.length < FEWEST) return [];
    const points = evaluations.map(({ step, testAccuracy: accuracy, testLoss }) => ({
      step,
      accuracy: accuracy as number,
      loss: testLoss as number,
    }));
    const end = points.at(-1)!;
    const late = points.filter(({ step }) => step > 0.75 * end.step).map(({ accuracy }) => accuracy);
    const lateAccuracy = late.reduce((sum, x) => sum + x, 0) / late.length;
    const half = points.filter(({ step }) => step >= end.step / 2);
    const differences = half.slice(1).map(({ accuracy }, k) => (accuracy - half[k]!.accuracy) / Math.SQRT2);
    return [
      {
        replica,
        lateAccuracy,
        convergence: points.find(({ accuracy }) => accuracy >= lateAccuracy - NEAR)!.step,
        fluctuation: Math.sqrt(differences.reduce((sum, x) => sum + x * x, 0) / differences.length),
        leastLoss: Math.min(...points.map(({ loss }) => loss)),
        middleLoss: half[0]!.loss,
        endLoss: end.loss,
      },
    ];
  });
}

/** A series' smallest and its full batch. */
export interface Pair {
  readonly lambda: number;
  readonly smallSize: number;
  readonly fullSize: number;
  readonly small: readonly Trajectory[];
  readonly full: readonly Trajectory[];
}

/** Of every series that has trajectories at both. */
export function pairsOf(series: readonly MeasuredSeries[]): readonly Pair[] {
  return series.flatMap(({ lambda, points }) => {
    const [first, last] = [points[0]!, points.at(-1)!];
    const [small, full] = [trajectoriesOf(first.runs), trajectoriesOf(last.runs)];
    if (first === last || small.length === 0 || full.length === 0) return [];
    return [{ lambda, smallSize: first.batchSize, fullSize: last.batchSize, small, full }];
  });
}

/** Late accuracy of the small batch less that of the full, by initialisation. */
export function gapsOf({ small, full }: Pair): number[] {
  return small.flatMap(({ replica, lateAccuracy }) => {
    const other = full.find((each) => each.replica === replica);
    return other ? [lateAccuracy - other.lateAccuracy] : [];
  });
}

/** How much the test cross-entropy rises in the second half. */
export function lateRise({ middleLoss, endLoss }: Trajectory): number {
  return endLoss - middleLoss;
}
