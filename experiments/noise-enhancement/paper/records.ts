/** The records of the paper's experiments as the types they are, and the trainings of one α and B taken together. */
import type { RunRecord } from '../../types.ts';
import { groupBy, spread, type Spread } from '../../spread.ts';
import type { NetworkName } from './config.ts';

/** The end of one training. */
export interface Run {
  readonly network: NetworkName;
  readonly alpha: number;
  readonly batchSize: number;
  readonly replica: number;
  /** As a share; null if the training diverged. */
  readonly testAccuracy: number | null;
  /** Optimizer steps: the convergence time if it converged, else how far it came. */
  readonly steps: number;
  /** `censored`: stopped by its cap. `diverged`: a loss was not finite. */
  readonly outcome: 'converged' | 'censored' | 'diverged' | 'finished';
  readonly stepCap: number;
  readonly trainExamples: number;
  readonly testExamples: number;
  readonly parameters: number;
}

export function runsOf(records: readonly RunRecord[]): readonly Run[] {
  return records.filter(({ name }) => name === 'run') as unknown as Run[];
}

/** The trainings of one network, α and B, over initialisations. */
export interface Point {
  readonly network: NetworkName;
  readonly alpha: number;
  readonly batchSize: number;
  readonly runs: readonly Run[];
  /** Of those that did not diverge; NaN if there are none. */
  readonly accuracy: Spread;
  /** Of all, a run that did not converge counted with its cap: then a lower bound. */
  readonly steps: Spread;
  readonly converged: number;
  readonly diverged: number;
}

/** The points measured of one network. */
export interface Measured {
  readonly network: NetworkName;
  readonly points: readonly Point[];
}

/** Ascending in α, then in B. */
export function pointsOf(runs: readonly Run[]): readonly Point[] {
  const groups = groupBy(runs, ({ network, alpha, batchSize }) => [network, alpha, batchSize].join());
  return [...groups.values()]
    .map((group): Point => {
      const { network, alpha, batchSize } = group[0] as Run;
      return {
        network,
        alpha,
        batchSize,
        runs: group,
        accuracy: spread(accuraciesOf(group)),
        steps: spread(group.map((run) => convergenceOf(run).steps)),
        converged: group.filter(({ outcome }) => outcome === 'converged').length,
        diverged: group.filter(({ outcome }) => outcome === 'diverged').length,
      };
    })
    .sort((a, b) => a.alpha - b.alpha || a.batchSize - b.batchSize);
}

/** The test accuracies of the runs that did not diverge. */
export function accuraciesOf(runs: readonly Run[]): number[] {
  return runs.flatMap(({ testAccuracy }) => (testAccuracy === null ? [] : [testAccuracy]));
}

/** A convergence time, or the number of steps after which it had not come. */
export interface Convergence {
  readonly steps: number;
  readonly censored: boolean;
}

/** A run that diverged would not have converged by its cap either. */
export function convergenceOf({ outcome, steps, stepCap }: Run): Convergence {
  return outcome === 'converged'
    ? { steps, censored: false }
    : { steps: outcome === 'diverged' ? stepCap : steps, censored: true };
}

/** The point of the greatest mean accuracy; of equal ones the first. */
export function bestOf(points: readonly Point[]): Point | undefined {
  return points.reduce<Point | undefined>((best, point) => {
    if (Number.isNaN(point.accuracy.mean)) return best;
    return best === undefined || point.accuracy.mean > best.accuracy.mean ? point : best;
  }, undefined);
}
