/** What an experiment measures of its own on the way of a training: functions of where the training stands. */
import type { ResidentTensors } from '../../data/resident.ts';
import type { Tensor } from '../../engine/index.ts';
import type { Json, Progress, RunRecord, StopSignal } from '../types.ts';
import type { Params, Problem, State } from './problem.ts';
import type { TrainingSpec } from './settings.ts';

/** Where a training stands. Its tensors belong to the training: read them, and do not dispose or donate them. */
export interface MeasurementPoint {
  readonly spec: TrainingSpec;
  /** Of the cell. Draw from a stream of your own: `random.foldIn(random.key(seed), …)`. */
  readonly seed: number;
  readonly problem: Problem;
  readonly params: Params;
  /** What batch normalisation is evaluated with at these parameters; empty without. */
  readonly statistics: State;
  /** The loss that is minimised, with its divisor and L2 term: Σ weights · loss of the examples, for `stats/`. */
  readonly objective: Objective;
  /** Steps made, epochs and Σ of learning rates. */
  readonly step: number;
  readonly epoch: number;
  readonly time: number;
  /** Of the step that comes next; at the end, of the one that would come. */
  readonly learningRate: number;
  readonly batchSize: number;
  /** The examples of that step. */
  readonly nextBatch: Int32Array;
  readonly signal: StopSignal;
  progress(update: Progress): void;
  log(message: string): void;
}

/** The same as `Problem.weightedLoss` of what is minimised: for weights that add up to 1 it is (mean loss)/divisor + ½ l2 |w|². */
export type Objective = (
  tensors: ResidentTensors,
  batches?: number,
  key?: Tensor,
) => (params: Params, indices: Tensor, weights: Tensor) => Tensor;

/**
 * Yields records; each is recorded with the field `step` added. It is a function of the point and the options alone:
 * a training that is taken up again between two of its records measures the whole again.
 */
export type Measurement = (
  point: MeasurementPoint,
  options: { readonly [key: string]: Json },
) => AsyncIterable<RunRecord>;

/** By the names that `measure.extra` calls them. */
export type Measurements = Readonly<Record<string, Measurement>>;
