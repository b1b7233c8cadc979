/** Progress over a whole grid: how many cells, how much of the cost, how long still, and what is being trained. */
import type { Cell, GridExperiment } from '../../experiments/grid.ts';
import type { Progress } from '../../experiments/types.ts';
import { fitting, progressLine, shareAndTime } from '../progress.ts';
import type { Terminal } from '../world.ts';

/** Cells differ in speed, and some stop early: the rate is that of the last five minutes. */
const WINDOW = 300_000;

export interface SweepProgress {
  /** How far a cell under way is. */
  update(cell: Cell, progress: Progress): void;
  /** A cell is not under way any more; `done` tells whether it counts as trained. */
  settle(cell: Cell, done: boolean): void;
  /** A line above the progress. */
  print(text: string): void;
  end(): void;
}

/** @param finished the cells that were finished before */
export function sweepProgress(
  terminal: Terminal,
  grid: GridExperiment,
  cells: readonly Cell[],
  finished: ReadonlySet<Cell>,
  now?: () => number,
): SweepProgress {
  const done = new Set(finished);
  let resumed = 0;
  const running = new Map<Cell, number>();
  // Once: with a changing batch size a cost is a walk through the whole schedule.
  const costs = new Map(cells.map((cell) => [cell, grid.cost(cell)]));
  const costOf = (cell: Cell): number => costs.get(cell) ?? 0;
  const total = cells.reduce((sum, cell) => sum + costOf(cell), 0);
  const line = progressLine(
    terminal,
    now,
    ({ note = '', ...progress }, { left }, width) =>
      fitting(shareAndTime(progress, left), note.split('\n'), width),
    WINDOW,
  );
  const draw = (): void => {
    const trained = cells.filter((cell) => done.has(cell)).reduce((sum, cell) => sum + costOf(cell), 0);
    const partly = [...running].reduce((sum, [cell, share]) => sum + share * costOf(cell), 0);
    const current = [...running.keys()].map((cell) => grid.label(cell)).join(' | ');
    line.update({
      done: trained + partly,
      total,
      // What a cell brings from its checkpoint was not made now: another unit makes the rate begin anew.
      unit: `multiply-adds ${resumed}`,
      note: `${done.size}/${cells.length} cells\n${current}`,
    });
  };
  return {
    update(cell, { done: steps, total: all }) {
      if (!running.has(cell) && steps > 1) resumed++;
      running.set(cell, all > 0 ? Math.min(1, steps / all) : 0);
      draw();
    },
    settle(cell, trained) {
      running.delete(cell);
      if (trained) done.add(cell);
      draw();
    },
    print: (text) => line.print(text),
    end: () => line.end(),
  };
}
