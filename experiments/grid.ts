/**
 * A grid experiment: many trainings that differ in a few settings, and a report over all of them. A training is a
 * cell. A cell is plain data and says everything that its numbers depend on, so its hash can name its directory:
 * a sweep can skip what is finished, go on with what was interrupted, and two experiments that need the same
 * training share it. Nothing here knows Node or the DOM.
 */
import type { DatasetName } from '../data/index.ts';
import type { Tree } from '../engine/index.ts';
import type { Member } from './training/replicas.ts';
import type { Experiment, Json, RunContext, RunRecord } from './types.ts';

/** One training, complete: two equal cells give equal records on one adapter. */
export interface Cell {
  /** What it is trained on. */
  readonly dataset: CellDataset;
  /** Of all randomness in the cell. */
  readonly seed: number;
  readonly [setting: string]: Json | CellDataset;
}

/** A data set by name, with the procedural one's shape where it stands in for another. */
export type CellDataset = {
  readonly name: DatasetName;
  /** Of procedural images: pixels per side, and channels. */
  readonly size?: number;
  readonly channels?: number;
  /** Of procedural images: how many are drawn to train on, where a cell needs more than the usual number. */
  readonly train?: number;
};

/** What a training must keep to go on where it was: every number that its next step depends on. */
export interface Snapshot {
  /** Parameters, optimizer, statistics, counters, keys. */
  readonly tensors: Tree;
  /** What is not a tensor: steps made, the phase of a schedule. */
  readonly state: Json;
}

/** Where a cell keeps its snapshots. */
export interface Checkpoints {
  /**
   * The newest snapshot that can be read, in the structure of `template`; undefined if there is none.
   * @throws CHECKPOINT_MISMATCH listing every tensor that is missing, additional, or of another shape or dtype
   */
  restore(template: Tree): Promise<Snapshot | undefined>;
  /** Whether the last one is so old that another is worth its cost. Cheap: may be asked at every step. */
  due(): boolean;
  /**
   * Resolves when the snapshot is safe on the disk. It stands for the training after all records that were yielded so
   * far: what comes back goes on with the next one.
   * @throws NON_FINITE naming a float tensor with a NaN or an infinity; CHECKPOINT_WRITE
   */
  save(snapshot: Snapshot): Promise<void>;
}

/** What a cell is given to run. `dataset` is the one that the cell names. */
export interface CellContext extends RunContext {
  readonly checkpoints: Checkpoints;
  /** The cell's place among the replicas that it is trained with; none: by itself. */
  readonly member?: Member;
}

/** A cell's finished, or so far measured, records. */
export interface CellRecords {
  readonly cell: Cell;
  readonly records: readonly RunRecord[];
}

/** An experiment whose `run` trains its cells one after the other, without checkpoints. */
export interface GridExperiment<Config extends object = object> extends Experiment<Config> {
  /**
   * The cells of a configuration, cheapest first.
   * @param seed all cells' seeds are functions of it
   * @param data the data set to use for all, or `published`: each network's own
   * @throws LangevinError `CONFIG`
   */
  cells(config: Config, seed: number, data: DatasetName | 'published'): readonly Cell[];
  /** For people: `C1, α 1.5, B 200, initialisation 3`. */
  label(cell: Cell): string;
  /** The most it can take, in multiply-adds: what time left is estimated from. */
  cost(cell: Cell): number;
  /**
   * Trains the cell and yields its records; goes on from `context.checkpoints` if there is a snapshot, and then yields
   * only the records that come after it. When the signal is aborted it saves a snapshot and returns.
   * Every record's `step` field, where there is one, counts optimizer steps.
   */
  runCell(cell: Cell, context: CellContext): AsyncIterable<RunRecord>;
  /**
   * Cells with the same key differ in nothing that makes their steps different functions, so they can be trained as
   * replicas (`CellContext.member`); undefined for a cell that must be trained by itself. Absent: all of them.
   */
  replicaKey?(cell: Cell): string | undefined;
  /** Whether these records are those of a training that came to its end. */
  isFinished(records: readonly RunRecord[]): boolean;
  /** What `report` and `summary` take: the records of all cells as one list, each marked with its cell's settings. */
  gather(cells: readonly CellRecords[]): readonly RunRecord[];
}

/** Whether an experiment is a grid. */
export function isGrid(experiment: Experiment): experiment is GridExperiment {
  return 'cells' in experiment;
}
