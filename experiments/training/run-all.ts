/** Trains the cells of a grid one after the other, without checkpoints: how a grid runs as one experiment. */
import { load, type Dataset } from '../../data/index.ts';
import type { Cell, CellContext, CellDataset, Checkpoints } from '../grid.ts';
import type { RunContext, RunRecord } from '../types.ts';

/** Nothing is kept, and nothing comes back. */
const noCheckpoints: Checkpoints = {
  restore: () => Promise.resolve(undefined),
  due: () => false,
  save: () => Promise.resolve(),
};

export interface Series<C extends Cell> {
  readonly cells: readonly C[];
  /** What a cell counts its progress to. */
  steps(cell: C): number;
  runCell(cell: C, context: CellContext): AsyncIterable<RunRecord>;
  /** The record as one of many cells'. */
  mark(cell: C, record: RunRecord): RunRecord;
}

export async function* runAll<C extends Cell>(
  { cells, steps, runCell, mark }: Series<C>,
  context: RunContext,
): AsyncGenerator<RunRecord> {
  const total = cells.reduce((sum, cell) => sum + steps(cell), 0);
  const drawn = new Map<string, Dataset>();
  let before = 0;
  for (const cell of cells) {
    const dataset = await datasetFor(cell.dataset, context, drawn);
    const start = before;
    const progress: RunContext['progress'] = (update) =>
      context.progress({ ...update, done: start + update.done, total });
    for await (const record of runCell(cell, { ...context, dataset, progress, checkpoints: noCheckpoints }))
      yield mark(cell, record);
    if (context.signal.aborted) return;
    before += steps(cell);
  }
}

/** The data set that the cell names: from the context if it knows, or for procedural images drawn in the shape and number that the cell needs. */
async function datasetFor(
  asked: CellDataset,
  { dataset: given, datasetOf }: Pick<RunContext, 'dataset' | 'datasetOf'>,
  drawn: Map<string, Dataset>,
): Promise<Dataset> {
  if (datasetOf) return datasetOf(asked);
  if (asked.name !== 'procedural' || fits(asked, given)) return given;
  const { name, ...drawing } = asked;
  const key = JSON.stringify(drawing);
  const known = drawn.get(key) ?? (await load(name, drawing));
  drawn.set(key, known);
  return known;
}

function fits({ size, channels, train }: CellDataset, given: Dataset): boolean {
  const { height, channels: own, count } = given.train;
  return (size ?? height) === height && (channels ?? own) === own && (train ?? count) === count;
}
