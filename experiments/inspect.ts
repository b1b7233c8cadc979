/**
 * What an experiment offers so that its trainings can be inspected: a step of each, ready to be made again and again. What
 * the step runs is then listed, timed and shown (`inspection/`).
 */
import type { DatasetName } from '../data/index.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Tensor } from '../engine/index.ts';
import type { CellDataset } from './grid.ts';
import type { Experiment } from './types.ts';

/** An experiment whose trainings can be inspected. */
export interface InspectableExperiment<Config extends object = object> extends Experiment<Config> {
  /**
   * The trainings of a configuration, each of which records steps of its own; those that record the same may stand for one
   * another, such as repeats that differ in their seed. Nothing is computed.
   * @param data the data set to use for all, or `published`: each network's own, where there is one
   * @throws LangevinError `CONFIG`
   */
  trainings(config: Config, seed: number, data: DatasetName | 'published'): readonly InspectableTraining[];
}

export interface InspectableTraining {
  /** For people: `F1, α 1.5, B 200`. */
  readonly label: string;
  /** What is to be given to `start`. */
  readonly dataset: CellDataset;
  /** The training at its beginning. */
  start(dataset: Dataset): StartedTraining;
}

/** A training that makes steps when asked to. */
export interface StartedTraining {
  /**
   * Makes the next step as the experiment makes it, without waiting. Every step runs the same programs.
   * @returns a value of the step that the host may read, which belongs to the caller
   */
  step(): Tensor;
  dispose(): void;
}

/** Whether the trainings of an experiment can be inspected. */
export function isInspectable(experiment: Experiment): experiment is InspectableExperiment {
  return 'trainings' in experiment;
}
