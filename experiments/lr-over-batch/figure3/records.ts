/** The trainings of a grid as the reports read them: with their curvature, and taken together by η and S. */
import { groupBy, spread, type Spread } from '../../spread.ts';
import type { Trained } from '../../training/grid-of-trainings.ts';
import type { CurvatureRecord } from '../curvature.ts';
import type { GridMarks } from './config.ts';

/** One training that came to its end and was measured. */
export interface Measured extends GridMarks {
  /** η/S. */
  readonly ratio: number;
  readonly curvature: CurvatureRecord;
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
  /** The mean training loss over the last quarter of the looks on the way, and how many they are: E[loss]. */
  readonly loss: number;
  readonly looks: number;
}

/** @returns those that ended at numbers; what diverged has no curvature */
export function measuredOf(trainings: readonly Trained<GridMarks>[]): Measured[] {
  return trainings.flatMap(({ marks, records, evaluations, result }): Measured[] => {
    const curvature = records.find(({ name }) => name === 'curvature') as CurvatureRecord | undefined;
    if (!result || !curvature || result.trainAccuracy === null || result.testAccuracy === null) return [];
    const losses = evaluations.flatMap(({ trainLoss }) => (trainLoss === undefined ? [] : [trainLoss]));
    const late = losses.slice(-Math.max(1, Math.floor(losses.length / 4)));
    const { trainAccuracy, testAccuracy, trainLoss } = result;
    return [
      {
        ...marks,
        ratio: marks.rate / marks.batchSize,
        curvature,
        trainAccuracy,
        testAccuracy,
        loss: late.length > 0 ? spread(late).mean : (trainLoss as number),
        looks: late.length,
      },
    ];
  });
}

/** The trainings of one network, η and S, over initialisations. */
export interface GridPoint {
  readonly network: string;
  readonly rate: number;
  readonly batchSize: number;
  readonly ratio: number;
  readonly runs: readonly Measured[];
  over(valueOf: (run: Measured) => number): Spread;
}

/** Ascending in η/S, then in S. */
export function pointsOf(runs: readonly Measured[]): GridPoint[] {
  const groups = groupBy(runs, ({ network, rate, batchSize }) => [network, rate, batchSize].join());
  return [...groups.values()]
    .map((group): GridPoint => {
      const { network, rate, batchSize, ratio } = group[0] as Measured;
      return {
        network,
        rate,
        batchSize,
        ratio,
        runs: group,
        over: (valueOf) => spread(group.map(valueOf)),
      };
    })
    .sort((a, b) => a.ratio - b.ratio || a.batchSize - b.batchSize);
}

/** η/S to as many digits as tell ratios apart that were meant to differ. */
export function ratioKey({ ratio }: { readonly ratio: number }): string {
  return ratio.toPrecision(6);
}
