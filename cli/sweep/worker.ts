/** Training the cells of a sweep in this process, one at a time. */
import type { Dataset } from '../../data/dataset.ts';
import { runCell, type CellOutcome } from '../../experiments/node/run-cell.ts';
import { versions } from '../../experiments/node/versions.ts';
import type { Cell, GridExperiment } from '../../experiments/grid.ts';
import type { AdapterSummary, Progress, StopSignal } from '../../experiments/types.ts';
import { startBackend } from '../backend.ts';
import type { World } from '../world.ts';

/** What trains cells: this process, or another. */
export interface Worker {
  /** Never rejects. */
  run(cell: Cell): Promise<CellOutcome>;
  /** The cell under way saves a snapshot and ends. */
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
  const datasets = new Map<string, Promise<Dataset>>();
  const loadOnce = ({ dataset: { name, size, channels } }: Cell): Promise<Dataset> => {
    const key = `${name} ${size ?? ''} ${channels ?? ''}`;
    const known =
      datasets.get(key) ??
      load(name, {
        ...(dataDirectory === undefined ? {} : { directory: dataDirectory }),
        ...(size === undefined ? {} : { size }),
        ...(channels === undefined ? {} : { channels }),
      });
    datasets.set(key, known);
    return known;
  };
  return {
    async run(cell) {
      let adapter: AdapterSummary;
      try {
        // Each time: a device that was lost in the last cell is made anew, and otherwise this does nothing.
        adapter = await startBackend(backend);
      } catch (error) {
        const { message, code = 'UNEXPECTED' } = error as Error & { readonly code?: string };
        return { kind: 'refused', code, message };
      }
      return runCell(cell, {
        ...training,
        adapter,
        versions: versions(),
        load: loadOnce,
        signal,
        progress: (update) => listener.progress(cell, update),
        log: (message) => listener.log(`${training.grid.label(cell)}: ${message}`),
      });
    },
    stop: () => undefined,
    end: () => Promise.resolve(),
  };
}
