/**
 * Training cells in processes of their own. The one that was called gives out the cells and draws the progress; the
 * others train, and end when it does, however it ended: the channel between them closes then. Signals are its alone:
 * Ctrl-C reaches all processes of a terminal, and the others wait to be told.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { cellId } from '../../experiments/node/cell-directory.ts';
import type { CellOutcome } from '../../experiments/node/run-cell.ts';
import type { Cell } from '../../experiments/grid.ts';
import type { Progress } from '../../experiments/types.ts';
import type { World } from '../world.ts';
import { localWorker, type Listener, type Training, type Worker } from './worker.ts';

/** The variable that makes `langevin sweep` a worker of the process that called it. */
const WORKER = 'LANGEVIN_SWEEP_WORKER';

/** Milliseconds between two reports of progress. */
const REPORT = 100;

type Order = { readonly kind: 'train'; readonly ids: readonly string[] } | { readonly kind: 'stop' | 'end' };
type Answer =
  | { readonly kind: 'outcome'; readonly id: string; readonly outcome: CellOutcome }
  | { readonly kind: 'progress'; readonly id: string; readonly progress: Progress }
  | { readonly kind: 'log'; readonly message: string };

/** Whether this process was started by {@link childWorker}. */
export function isWorker({ environment }: World): boolean {
  return environment[WORKER] === '1' && process.send !== undefined;
}

/**
 * A worker in a process of its own, which is started with the first cell and again should it die.
 * @param argv the command line of the same sweep
 */
export function childWorker(argv: readonly string[], cells: readonly Cell[], listener: Listener): Worker {
  const byId = new Map(cells.map((cell) => [cellId(cell), cell]));
  let child: ChildProcess | undefined;
  /** Cells under way, and what to do when one ends. */
  const running = new Map<Cell, (outcome: CellOutcome) => void>();
  let stopped = false;

  const start = (): ChildProcess => {
    const started = fork(process.argv[1] ?? '', [...argv], {
      env: { ...process.env, [WORKER]: '1' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    started.on('message', (message) => {
      const answer = message as Answer;
      if (answer.kind === 'log') return listener.log(answer.message);
      const cell = byId.get(answer.id);
      if (!cell) return;
      if (answer.kind === 'outcome') running.get(cell)?.(answer.outcome);
      else listener.progress(cell, answer.progress);
    });
    const ended = (how: string): void => {
      child = undefined;
      for (const settle of running.values())
        settle({
          kind: 'refused',
          code: 'WORKER_DIED',
          message: `the process that trained it ended (${how}); sweep again to go on from its last checkpoint`,
        });
    };
    started.on('error', (error) => ended(error.message));
    started.on('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
    return started;
  };
  return {
    run: (company, settled) =>
      new Promise((resolve) => {
        for (const cell of company)
          running.set(cell, (outcome) => {
            running.delete(cell);
            settled(cell, outcome);
            if (running.size === 0) resolve();
          });
        if (stopped) return running.forEach((settle) => settle({ kind: 'interrupted' }));
        child ??= start();
        tell(child, { kind: 'train', ids: company.map(cellId) });
      }),
    stop() {
      stopped = true;
      if (child) tell(child, { kind: 'stop' });
    },
    end: () =>
      new Promise((resolve) => {
        if (!child) return resolve();
        child.once('exit', () => resolve());
        tell(child, { kind: 'end' });
      }),
  };
}

/** A child that is gone cannot be told anything; its exit is what counts then. */
function tell(child: ChildProcess, order: Order): void {
  child.send(order, () => undefined);
}

/** The other end: trains the cells that it is told to, until it is told to end. */
export function serve(training: Training, cells: readonly Cell[], load: World['load']): Promise<number> {
  const byId = new Map(cells.map((cell) => [cellId(cell), cell]));
  const controller = new AbortController();
  const answer = (message: Answer): void => void process.send?.(message, () => undefined);
  const reported = new Map<Cell, number>();
  const worker = localWorker(training, load, controller.signal, {
    progress(cell, progress) {
      if (performance.now() - (reported.get(cell) ?? -Infinity) < REPORT) return;
      reported.set(cell, performance.now());
      answer({ kind: 'progress', id: cellId(cell), progress });
    },
    log: (message) => answer({ kind: 'log', message }),
  });
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => controller.abort());
  return new Promise((resolve) => {
    // Whoever gave the orders is gone.
    process.on('disconnect', () => process.exit(1));
    process.on('message', (message) => {
      const order = message as Order;
      if (order.kind === 'stop') controller.abort();
      if (order.kind === 'end') {
        process.removeAllListeners('disconnect');
        process.disconnect();
        resolve(0);
      }
      if (order.kind !== 'train') return;
      const company = order.ids.flatMap((id) => byId.get(id) ?? []);
      void worker.run(company, (cell, outcome) => answer({ kind: 'outcome', id: cellId(cell), outcome }));
    });
  });
}
