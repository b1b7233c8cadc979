/** Giving the cells of a sweep to its workers, cheapest first, until all have been tried or the sweep is stopped. */
import type { CellOutcome } from '../../experiments/node/run-cell.ts';
import type { Cell, GridExperiment } from '../../experiments/grid.ts';
import type { StopSignal } from '../../experiments/types.ts';
import type { Worker } from './worker.ts';

/** Errors that every further cell would meet as well. */
const FATAL: ReadonlySet<string> = new Set(['RUN_WRITE', 'OUT_UNWRITABLE', 'CHECKPOINT_WRITE', 'NO_ADAPTER']);

/**
 * The cells in companies of at most `most` that can be trained as replicas, each company where its first cell is. Without
 * keys every cell is by itself.
 */
export function companies(
  cells: readonly Cell[],
  grid: Pick<GridExperiment, 'replicaKey'>,
  most: number,
): Cell[][] {
  const open = new Map<string, Cell[]>();
  const all: Cell[][] = [];
  for (const cell of cells) {
    const key = most > 1 ? grid.replicaKey?.(cell) : undefined;
    const company = key === undefined ? undefined : open.get(key);
    if (company && company.length < most) company.push(cell);
    else {
      const next = [cell];
      all.push(next);
      if (key !== undefined) open.set(key, next);
    }
  }
  return all;
}

/**
 * Resolves to the outcome of every cell that was tried. The failure of a cell does not keep the others from being
 * trained; a full disk does.
 */
export async function schedule(
  queue: readonly (readonly Cell[])[],
  workers: readonly Worker[],
  signal: StopSignal,
  settled: (cell: Cell, outcome: CellOutcome) => void,
): Promise<Map<Cell, CellOutcome>> {
  const waiting = [...queue];
  const outcomes = new Map<Cell, CellOutcome>();
  let fatal = false;
  const settle = (cell: Cell, outcome: CellOutcome): void => {
    outcomes.set(cell, outcome);
    settled(cell, outcome);
    if (fatal || outcome.kind !== 'refused' || !FATAL.has(outcome.code)) return;
    fatal = true;
    workers.forEach((each) => each.stop());
  };
  const serve = async (worker: Worker): Promise<void> => {
    for (;;) {
      const company = fatal || signal.aborted ? undefined : waiting.shift();
      if (!company) return;
      await worker.run(company, settle);
    }
  };
  await Promise.all(workers.map(serve));
  return outcomes;
}
