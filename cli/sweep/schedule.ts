/** Giving the cells of a sweep to its workers, cheapest first, until all have been tried or the sweep is stopped. */
import type { CellOutcome } from '../../experiments/node/run-cell.ts';
import type { Cell } from '../../experiments/grid.ts';
import type { StopSignal } from '../../experiments/types.ts';
import type { Worker } from './worker.ts';

/** Errors that every further cell would meet as well. */
const FATAL: ReadonlySet<string> = new Set(['RUN_WRITE', 'OUT_UNWRITABLE', 'CHECKPOINT_WRITE', 'NO_ADAPTER']);

/**
 * Resolves to the outcome of every cell that was tried. The failure of a cell does not keep the others from being
 * trained; a full disk does.
 */
export async function schedule(
  queue: readonly Cell[],
  workers: readonly Worker[],
  signal: StopSignal,
  settled: (cell: Cell, outcome: CellOutcome) => void,
): Promise<Map<Cell, CellOutcome>> {
  const waiting = [...queue];
  const outcomes = new Map<Cell, CellOutcome>();
  let fatal = false;
  const serve = async (worker: Worker): Promise<void> => {
    for (;;) {
      const cell = fatal || signal.aborted ? undefined : waiting.shift();
      if (!cell) return;
      const outcome = await worker.run(cell);
      outcomes.set(cell, outcome);
      settled(cell, outcome);
      if (outcome.kind === 'refused' && FATAL.has(outcome.code)) {
        fatal = true;
        workers.forEach((each) => each.stop());
      }
    }
  };
  await Promise.all(workers.map(serve));
  return outcomes;
}
