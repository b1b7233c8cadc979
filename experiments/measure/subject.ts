/**
 * What an experiment offers so that its trainings can be measured: the network and the data of a cell, built again from
 * what the cell says, and the loss of single examples under every treatment of batch normalisation.
 */
import type { Dataset } from '../../data/dataset.ts';
import type { Tensor, Tree } from '../../engine/index.ts';
import type { NormalizationPolicy, PredictiveProblem } from '../../stats/index.ts';
import type { Cell, GridExperiment, Snapshot } from '../grid.ts';
import type { Experiment } from '../types.ts';

/** A grid experiment whose cells can be measured. */
export interface MeasurableExperiment<Config extends object = object> extends GridExperiment<Config> {
  /** @param dataset the one that the cell names */
  subject(cell: Cell, dataset: Dataset): Subject;
}

/** Whether the trainings of an experiment can be measured. */
export function isMeasurable(experiment: Experiment): experiment is MeasurableExperiment {
  return 'subject' in experiment;
}

/** How the batches of a training are drawn and combined, as far as the noise of its steps depends on it. */
export interface TrainingNoise {
  /** α of noise enhancement; 1 is plain SGD. */
  readonly alpha: number;
  /** B, to begin with. */
  readonly batchSize: number;
  /** Of SGD: the learning rate of the cross-entropy to begin with, and the momentum. Other optimizers have no such scale. */
  readonly sgd?: { readonly learningRate: number; readonly momentum: number };
}

/** A training to be measured. `P` are parameters, `B` batches, both opaque. */
export interface Subject<P extends Tree = Tree, B extends Tree = Tree> {
  /** A tree like the tensors of the cell's snapshots. */
  readonly template: Tree;
  /** Where a snapshot stands. */
  at(snapshot: Snapshot): { readonly params: P; readonly step: number };
  /** The parameters that the training began with: a function of the cell. */
  initial(): P;
  /** N: training examples. */
  readonly examples: number;
  readonly training: TrainingNoise;
  /** Examples that are normalised together in training, to begin with; 0 for a network without batch normalisation. */
  readonly ghost: number;
  /**
   * The losses and outputs of a batch. Under `whole-batch` a batch is all `examples` that are measured.
   */
  problem(policy: NormalizationPolicy, examples: number): PredictiveProblem<P, B>;
  /** The statistics that the network is evaluated with at these parameters; an empty tree without normalisation. */
  statistics(params: P): Tree;
  /** The training examples at i32 [B], to be evaluated with these statistics. */
  batch(indices: Tensor, statistics: Tree): B;
  /** Which leaves of a batch, by path, serve all its examples. */
  shared(path: string): boolean;
  dispose(): void;
}
