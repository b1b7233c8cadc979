/** The records of this experiment as the types they are: what `report` and `summary` read. */
import { groupBy, spread, type Spread } from '../spread.ts';
import type { RunRecord } from '../types.ts';

/** The end of one training run. */
export interface RunResult {
  readonly sweep: string;
  readonly alpha: number;
  readonly batchSize: number;
  readonly replica: number;
  readonly testAccuracy: number;
  readonly trainLoss: number;
  readonly steps: number;
  readonly exampleGradients: number;
  readonly converged: boolean;
  readonly outcome: 'converged' | 'censored' | 'finished';
}

/** One measured ratio of noise covariances. */
export interface CovarianceResult {
  readonly quantity: 'trace' | 'random direction' | 'top direction';
  readonly index: number;
  readonly route: string;
  readonly alpha: number;
  readonly batchSize: number;
  readonly examples: number;
  readonly predicted: number;
  readonly measured: number;
  readonly standardError: number;
  readonly draws: number;
}

/** The measured variance of plain SGD, with its prediction from C where that is known. */
export type PlainCovarianceResult = Omit<CovarianceResult, 'alpha' | 'predicted'> & {
  readonly predicted: number | null;
};

/** A measurement on the way: of the training loss, the test accuracy, or both. */
export interface EvaluationMetric {
  readonly sweep: string;
  readonly alpha: number;
  readonly batchSize: number;
  readonly replica: number;
  readonly step: number;
  /** Mean over the training set. */
  readonly trainLoss?: number;
  readonly testAccuracy?: number;
}

export interface ReadRecords {
  readonly runs: readonly RunResult[];
  readonly covariances: readonly CovarianceResult[];
  readonly plainCovariances: readonly PlainCovarianceResult[];
  readonly evaluations: readonly EvaluationMetric[];
}

/** The records by their names; others are passed over. */
export function readRecords(records: readonly RunRecord[]): ReadRecords {
  const named = (name: string): unknown[] => records.filter((record) => record.name === name);
  return {
    runs: named('run') as RunResult[],
    covariances: named('covariance') as CovarianceResult[],
    plainCovariances: named('plain-covariance') as PlainCovarianceResult[],
    evaluations: named('evaluation') as EvaluationMetric[],
  };
}

/** Runs of one α and batch size, over initialisations. */
export interface Cell {
  readonly sweep: string;
  readonly alpha: number;
  readonly batchSize: number;
  readonly runs: readonly RunResult[];
  readonly accuracy: Spread;
  readonly steps: Spread;
  readonly converged: number;
}

/** Means over initialisations, by sweep, α and batch size, ascending. */
export function cellsOf(runs: readonly RunResult[]): Cell[] {
  const groups = groupBy(runs, ({ sweep, alpha, batchSize }) => JSON.stringify([sweep, alpha, batchSize]));
  return [...groups.values()]
    .map((group): Cell => {
      const { sweep, alpha, batchSize } = group[0] as RunResult;
      return {
        sweep,
        alpha,
        batchSize,
        runs: group,
        accuracy: spread(group.map((run) => run.testAccuracy)),
        steps: spread(group.map((run) => run.steps)),
        converged: group.filter((run) => run.converged).length,
      };
    })
    .sort((a, b) => a.sweep.localeCompare(b.sweep) || a.alpha - b.alpha || a.batchSize - b.batchSize);
}
