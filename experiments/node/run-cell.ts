/**
 * Training one cell into its directory: from the beginning, or on from its last checkpoint. Every record is in the log
 * before the next is asked for, and whatever happens, the directory is left so that the next attempt can go on.
 */
import { setImmediate } from 'node:timers/promises';
import { join } from 'node:path';
import type { Dataset } from '../../data/dataset.ts';
import { LangevinError, fail } from '../../engine/graph/errors.ts';
import type { Cell, GridExperiment } from '../grid.ts';
import type { Member } from '../training/replicas.ts';
import { encodePretty } from '../json-lines.ts';
import type { Manifest, Progress, StopSignal } from '../types.ts';
import { cellDirectory, readCell, type CellManifest } from './cell-directory.ts';
import { describeDataset } from './dataset-summary.ts';
import { openCellLog } from './cell-log.ts';
import { checkpointStore } from './checkpoints.ts';
import type { FileSystem } from '../../data/node/durable.ts';
import { lockDirectory } from './lock.ts';
import { makeDirectory } from './make-directory.ts';
import { MANIFEST } from './run-directory.ts';
import { writeRunFile } from './write.ts';

/** What a cell is trained with. */
export interface CellRun {
  readonly grid: GridExperiment;
  /** The directory of the sweeps. */
  readonly out: string;
  readonly adapter: Manifest['adapter'];
  readonly versions: Manifest['versions'];
  load(cell: Cell): Promise<Dataset>;
  readonly signal: StopSignal;
  /** Seconds between checkpoints. */
  readonly checkpointEvery: number;
  /** Go on although data or versions are not those that the cell was begun with. */
  readonly allowMismatch: boolean;
  progress(update: Progress): void;
  log(message: string): void;
  readonly files?: FileSystem;
  /** The cell's place among the replicas that it is trained with; none: by itself. */
  readonly member?: Member;
}

/** How an attempt ended. */
export type CellOutcome =
  | { readonly kind: 'complete' | 'interrupted' }
  /** Another process has the cell. */
  | { readonly kind: 'locked'; readonly message: string }
  /** The training threw: so the manifest says, and the cell is not tried again by itself. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  /** The cell could not be begun or kept, which may be mended: its manifest says nothing of it. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

/** Errors of the surroundings rather than of the training. */
const NOT_THE_CELLS: ReadonlySet<string> = new Set([
  'RUN_WRITE',
  'OUT_UNWRITABLE',
  'OUT_EXISTS',
  'CHECKPOINT_WRITE',
  'CHECKPOINT_CORRUPT',
  'CHECKPOINT_MISMATCH',
  'CHECKPOINT_SCHEMA',
  'CHECKPOINT_UNREADABLE',
  'DEVICE_LOST',
]);

/** What may be mended by training fewer replicas at a time. */
const OF_MEMORY: ReadonlySet<string> = new Set(['OUT_OF_MEMORY', 'BUFFER_TOO_LARGE', 'DISPATCH_TOO_LARGE']);

/** Whether the device had no room. */
export function isOfMemory(outcome: CellOutcome): boolean {
  return 'code' in outcome && OF_MEMORY.has(outcome.code);
}

/** Trains a cell unless it is finished or another process has it. Never rejects. */
export async function runCell(cell: Cell, run: CellRun): Promise<CellOutcome> {
  try {
    const { id, directory } = readCell(run.out, cell, () => false);
    makeDirectory(cellDirectory(run.out, id));
    const lock = lockDirectory(directory);
    try {
      return await attemptCell(cell, run);
    } finally {
      lock.release();
    }
  } catch (error) {
    const { code, message } = describe(error);
    return code === 'RUN_LOCKED' ? { kind: 'locked', message } : { kind: 'refused', code, message };
  }
}

async function attemptCell(cell: Cell, run: CellRun): Promise<CellOutcome> {
  const { grid, adapter, versions } = run;
  // Read under the lock: another process may have trained it since.
  const state = readCell(run.out, cell, (records) => grid.isFinished(records));
  const { id, directory, manifest: before } = state;
  const write = (manifest: CellManifest): Promise<void> =>
    writeRunFile(join(directory, MANIFEST), encodePretty(manifest));
  if (state.finished && before) {
    // It was killed between its last record and its manifest.
    if (before.status !== 'complete') await write({ ...before, status: 'complete' });
    return { kind: 'complete' };
  }
  const dataset = await run.load(cell);
  const now = { adapter, versions, dataset: describeDataset(dataset) };
  const changed = before ? mismatches(before, now) : [];
  if (changed.length > 0 && !run.allowMismatch)
    fail(
      'RESUME_MISMATCH',
      `${grid.label(cell)} was begun with something else (${changed.join('; ')}), so going on would mix the two: ` +
        `pass --allow-mismatch to do so, or remove ${directory} to train it again.`,
    );
  const attempt = before ? before.attempt + 1 : 0;
  const start: CellManifest = {
    schema: 1,
    kind: 'cell',
    id,
    cell,
    label: grid.label(cell),
    experiment: before?.experiment ?? grid.name,
    attempt,
    ...now,
    status: 'running',
    seconds: before?.seconds ?? 0,
    mismatches: [...(before?.mismatches ?? []), ...changed.map((what) => `attempt ${attempt}: ${what}`)],
  };
  await write(start);
  const log = openCellLog(directory, id, attempt);
  const store = checkpointStore(directory, {
    cell: id,
    every: run.checkpointEvery,
    log: {
      ...log,
      get count() {
        return log.count;
      },
      note: (text) => {
        log.note(text);
        run.log(text);
      },
    },
    ...(run.files && { files: run.files }),
  });
  const began = performance.now();
  let failure: { readonly error: unknown } | undefined;
  try {
    await store.sweep();
    const { signal, progress, member } = run;
    const context = {
      seed: cell.seed,
      dataset,
      signal,
      progress,
      log: run.log,
      checkpoints: store,
      ...(member && { member }),
    };
    for await (const record of grid.runCell(cell, context)) {
      log.append(record);
      // A backend that computes on this thread never lets signals and timers in by itself.
      await setImmediate();
    }
    log.flush();
  } catch (error) {
    failure = { error };
  }
  log.close();
  const seconds = start.seconds + Math.round(performance.now() - began) / 1000;
  if (failure) {
    const error = describe(failure.error);
    // A cell that found no room beside others may find it by itself.
    if (NOT_THE_CELLS.has(error.code) || (run.member && OF_MEMORY.has(error.code))) {
      // On a full disk this fails as well, and the manifest goes on saying `running`, which the lock belies.
      await write({ ...start, seconds, status: 'interrupted' }).catch(() => undefined);
      return { kind: 'refused', ...error };
    }
    await write({ ...start, seconds, status: 'failed', error });
    return { kind: 'failed', ...error };
  }
  const finished = grid.isFinished(log.records);
  if (!finished && !run.signal.aborted) {
    const error = { code: 'CELL_UNFINISHED', message: 'The training ended without its last record.' };
    await write({ ...start, seconds, status: 'failed', error });
    return { kind: 'failed', ...error };
  }
  await write({ ...start, seconds, status: finished ? 'complete' : 'interrupted' });
  if (finished) await store.thin();
  return { kind: finished ? 'complete' : 'interrupted' };
}

/** What is not as it was when the cell was begun. */
function mismatches(
  before: Pick<CellManifest, 'adapter' | 'dataset' | 'versions'>,
  now: Pick<CellManifest, 'adapter' | 'dataset' | 'versions'>,
): string[] {
  const flat = ({ adapter, dataset, versions }: typeof now): Map<string, string> =>
    new Map([
      ['backend', adapter.backend],
      ['adapter', `${adapter.source}: ${adapter.name}`],
      ['measured kernels', adapter.kernels ?? 'none'],
      ['data set', `${dataset.name}, ${dataset.train} + ${dataset.test} images`],
      ...Object.entries(dataset.hashes).map(([name, hash]): [string, string] => [`sha256 of ${name}`, hash]),
      ...Object.entries(versions),
    ]);
  const [was, is] = [flat(before), flat(now)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((key) =>
    was.get(key) === is.get(key)
      ? []
      : [`${key}: ${was.get(key) ?? 'none'} then, ${is.get(key) ?? 'none'} now`],
  );
}

function describe(error: unknown): { code: string; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  return { code: error instanceof LangevinError ? error.code : 'UNEXPECTED', message };
}
