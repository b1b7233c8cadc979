/** Training the cells of a sweep in this process: one at a time, or several as replicas. */
import { isOfMemory, runCell, type CellOutcome } from '../../experiments/node/run-cell.ts';
import { replicas, type Member } from '../../experiments/training/replicas.ts';
import { versions } from '../../experiments/node/versions.ts';
import type { Cell, GridExperiment } from '../../experiments/grid.ts';
import type { AdapterSummary, Progress, StopSignal } from '../../experiments/types.ts';
import { startBackend } from '../backend.ts';
import { datasetsFrom } from '../datasets.ts';
import type { World } from '../world.ts';

/** What trains cells: this process, or another. */
export interface Worker {
  /**
   * Trains cells, several as replicas of each other, and says of each how it ended. Never rejects; resolves when all have.
   */
  run(company: readonly Cell[], settled: (cell: Cell, outcome: CellOutcome) => void): Promise<void>;
  /** What is under way saves snapshots and ends. */
  stop(): void;
  /** Resolves when nothing is under way any more. */
  end(): Promise<void>;
}

/** What a worker says while it works. */
export interface Listener {
  progress(cell: Cell, update: Progress): void;
  log(message: string): void;
}

/** How a sweep trains its cells. */
export interface Training {
  readonly grid: GridExperiment;
  readonly out: string;
  readonly backend: AdapterSummary['backend'];
  readonly dataDirectory: string | undefined;
  readonly checkpointEvery: number;
  readonly allowMismatch: boolean;
}

/** A worker in this process. The backend is started and data sets are loaded when the first cell needs them. */
export function localWorker(
  { dataDirectory, backend, ...training }: Training,
  load: World['load'],
  signal: StopSignal,
  listener: Listener,
): Worker {
  const datasetOf = datasetsFrom(load, dataDirectory);
  /** One cell's attempt; its outcome is that of the attempt. */
  const train = (cell: Cell, adapter: AdapterSummary, member: Member | undefined): Promise<CellOutcome> =>
    runCell(cell, {
      ...training,
      adapter,
      versions: versions(),
      load: ({ dataset }) => datasetOf(dataset),
      signal,
      progress: (update) => listener.progress(cell, update),
      log: (message) => listener.log(`${training.grid.label(cell)}: ${message}`),
      ...(member && { member }),
    }).finally(() => member?.leave());
  /** As many replicas have fitted into memory, or nothing is known yet. */
  let most = Infinity;
  const trainAll: Worker['run'] = async (company, settled) => {
    const waiting = [...company];
    while (waiting.length > 0) {
      const cells = waiting.splice(0, most);
      const adapter = await adapterOf(backend);
      if ('code' in adapter) {
        cells.forEach((cell) => settled(cell, { kind: 'refused', ...adapter }));
        continue;
      }
      const members = cells.length > 1 ? replicas(cells.length) : [];
      const tooLarge: Cell[] = [];
      await Promise.all(
        cells.map(async (cell, k) => {
          const outcome = await train(cell, adapter, members[k]);
          if (cells.length > 1 && isOfMemory(outcome)) tooLarge.push(cell);
          else settled(cell, outcome);
        }),
      );
      if (tooLarge.length === 0) continue;
      most = Math.ceil(cells.length / 2);
      listener.log(
        `${cells.length} replicas do not fit into the memory of the device: going on with ${most}.`,
      );
      await trainAll(tooLarge, settled);
    }
  };
  return { run: trainAll, stop: () => undefined, end: () => Promise.resolve() };
}

/** Each time: a device that was lost in the last cell is made anew, and otherwise this does nothing. */
async function adapterOf(
  backend: AdapterSummary['backend'],
): Promise<AdapterSummary | { readonly code: string; readonly message: string }> {
  try {
    return await startBackend(backend);
  } catch (error) {
    const { message, code = 'UNEXPECTED' } = error as Error & { readonly code?: string };
    return { code, message };
  }
}
