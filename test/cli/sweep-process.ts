/** Sweeps of the toy grid as processes, and what they leave behind. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { load } from '../../data/node/index.ts';
import { init } from '../../engine/index.ts';
import { cellId, type CellManifest } from '../../experiments/node/cell-directory.ts';
import { readCellLog } from '../../experiments/node/cell-log.ts';
import type { RunRecord } from '../../experiments/types.ts';
import { toyGrid, type ToyGridConfig } from './toy-grid.ts';

/** How a process ended, and all that it wrote. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ending>;
}

/** Starts a sweep that saves a checkpoint at every step. @param main the file that `writeCommand` has written */
export function startSweep(main: string, out: string, ...more: string[]): Running {
  const argv = [main, 'sweep', 'toy/grid', '--checkpoint-every', '0', '--out', out, ...more];
  const child = spawn(process.execPath, argv, { cwd: dirname(main), timeout: 120_000 });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  return {
    child,
    ended: new Promise((done) =>
      child.on('close', (code, signal) => done({ code, signal, stdout, stderr: withoutDriver(stderr) })),
    ),
  };
}

/** What we wrote: on some drivers Dawn warns, by itself, of limits that it lowers. */
const withoutDriver = (stderr: string): string =>
  stderr.replaceAll(/^Warning: max\w+ artificially reduced .*\n/gm, '');

/** The directories of the cells. */
export const cellsIn = (out: string): string[] => {
  const cells = join(out, 'cells');
  return existsSync(cells) ? readdirSync(cells).map((id) => join(cells, id)) : [];
};
/** Lines of all logs together. */
export const linesIn = (out: string): number =>
  cellsIn(out)
    .map((cell) => join(cell, 'metrics.jsonl'))
    .filter((path) => existsSync(path))
    .reduce((sum, path) => sum + readFileSync(path, 'utf8').split('\n').length - 1, 0);
export const manifestsIn = (out: string): CellManifest[] =>
  cellsIn(out).map((cell) => JSON.parse(readFileSync(join(cell, 'manifest.json'), 'utf8')) as CellManifest);
/** The cells that are locked. */
export const locksIn = (out: string): string[] =>
  cellsIn(out).filter((cell) => existsSync(join(cell, 'lock.json')));
/** The records of each cell that count, in the order of their directories. */
export const recordsIn = (out: string): (readonly RunRecord[])[] =>
  cellsIn(out).map((cell) => readCellLog(cell).records);

/** Resolves once the logs have `count` lines, or the process has ended. */
export async function reached(out: string, count: number, { ended }: Running): Promise<void> {
  let over = false;
  void ended.then(() => (over = true));
  while (!over && linesIn(out) < count) await setTimeout(5);
}

/** Whether a process has not ended. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] !== 'Z';
  } catch {
    return false;
  }
};

/** The processes that a process has started. */
export const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

/** What {@link recordsIn} gives of a sweep that was never interrupted: trained here, without checkpoints. */
export async function recordsOf(changes: Partial<ToyGridConfig>): Promise<(readonly RunRecord[])[]> {
  await init({ backend: 'reference' });
  const dataset = await load('procedural', { train: 100, test: 20 });
  const all: [string, readonly RunRecord[]][] = [];
  for (const cell of toyGrid.cells({ ...toyGrid.presets.smoke, ...changes }, 0, 'procedural')) {
    const records = toyGrid.runCell(
      { ...cell, delay: 0 },
      {
        seed: cell.seed,
        dataset,
        signal: { aborted: false },
        progress: () => undefined,
        log: () => undefined,
        checkpoints: {
          restore: () => Promise.resolve(undefined),
          due: () => false,
          save: () => Promise.resolve(),
        },
      },
    );
    const list: RunRecord[] = [];
    for await (const record of records) list.push(record);
    all.push([cellId(cell), list]);
  }
  return all.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, list]) => list);
}
