/** One cell of a grid, interrupted and taken up again in every way: its records are those of an uninterrupted one. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { load, type Dataset } from '../../data/node/index.ts';
import { init, LangevinError } from '../../engine/index.ts';
import type { Cell, GridExperiment } from '../../experiments/grid.ts';
import { cellDirectory, cellId, readCell, type CellManifest } from '../../experiments/node/cell-directory.ts';
import { openCellLog, readCellLog } from '../../experiments/node/cell-log.ts';
import { encodeLine } from '../../experiments/json-lines.ts';
import { nodeFileSystem, type FileSystem } from '../../data/node/durable.ts';
import { runCell, type CellOutcome, type CellRun } from '../../experiments/node/run-cell.ts';
import type { RunRecord } from '../../experiments/types.ts';
import { toyGrid } from '../cli/toy-grid.ts';

const root = mkdtempSync(join(tmpdir(), 'langevin-cell-'));
afterAll(() => rmSync(root, { recursive: true }));

const STEPS = 6;
const config = { ...toyGrid.presets.smoke, rates: [0.01], steps: STEPS, hidden: 2, examples: 16 };
const cell = toyGrid.cells(config, 0, 'procedural')[0] as Cell;

let dataset: Dataset;
let uninterrupted: readonly RunRecord[];
let counter = 0;
let out = '';
beforeAll(async () => {
  await init({ backend: 'reference' });
  dataset = await load('procedural', { train: 100, test: 20 });
  out = join(root, 'uninterrupted');
  await attempt();
  uninterrupted = records();
});
beforeEach(() => {
  out = join(root, `out-${counter++}`);
});

const said: string[] = [];

/** The real file system without the waiting for the disk, which here is most of the time. */
const quick: FileSystem = {
  ...nodeFileSystem,
  flushDirectory: () => Promise.resolve(),
  create: async (path) => ({ ...(await nodeFileSystem.create(path)), flush: () => Promise.resolve() }),
};

function attempt(changes: Partial<CellRun> = {}): Promise<CellOutcome> {
  return runCell(cell, {
    grid: toyGrid,
    out,
    adapter: { backend: 'reference', name: 'float64 interpreter', source: 'CPU' },
    versions: { langevin: '1', node: '1', webgpu: '1' },
    load: () => Promise.resolve(dataset),
    signal: { aborted: false },
    checkpointEvery: 0,
    allowMismatch: false,
    progress: () => undefined,
    log: (message) => said.push(message),
    files: quick,
    ...changes,
  });
}

/** An attempt that is stopped after so many steps. */
function attemptUntil(step: number, changes: Partial<CellRun> = {}): Promise<CellOutcome> {
  const signal = { aborted: step === 0 };
  return attempt({ signal, progress: ({ done }) => (signal.aborted = done >= step), ...changes });
}

/** A grid whose cell throws after so many records, as if its process were killed, or for a reason of its own. */
function failingAfter(count: number, error: Error): GridExperiment {
  return {
    ...toyGrid,
    async *runCell(each, context) {
      let left = count;
      for await (const record of toyGrid.runCell(each, context)) {
        if (left-- === 0) throw error;
        yield record;
      }
    },
  };
}

const directory = (): string => cellDirectory(out, cellId(cell));
const file = (name: string): string => join(directory(), name);
const records = (): readonly RunRecord[] => readCellLog(directory()).records;
const manifest = (): CellManifest => JSON.parse(readFileSync(file('manifest.json'), 'utf8')) as CellManifest;
const newest = (): string =>
  readdirSync(directory())
    .filter((name) => name.endsWith('.safetensors'))
    .sort()
    .at(-1) ?? '';

test.each([0, 1, 3, STEPS - 1, STEPS])(
  'a cell stopped at step %i and taken up again has the records of an uninterrupted one, bit for bit',
  async (step) => {
    const first = await attemptUntil(step);
    expect(first.kind).toBe(step === STEPS ? 'complete' : 'interrupted');
    expect(await attempt()).toEqual({ kind: 'complete' });
    expect(records()).toEqual(uninterrupted);
    expect(manifest()).toMatchObject({ status: 'complete', attempt: step === STEPS ? 0 : 1 });
  },
);

test('a cell that is finished is not trained again', async () => {
  await attempt();
  const before = readFileSync(file('metrics.jsonl'), 'utf8');
  const load = (): never => expect.unreachable();
  expect(await attempt({ load })).toEqual({ kind: 'complete' });
  expect(readFileSync(file('metrics.jsonl'), 'utf8')).toBe(before);
});

test('a finished cell keeps one checkpoint, that of its last parameters', async () => {
  await attempt();
  expect(readdirSync(directory()).sort()).toEqual([
    `checkpoint-${String(STEPS + 1).padStart(6, '0')}.safetensors`,
    'latest.json',
    'manifest.json',
    'metrics.jsonl',
  ]);
});

test('records beyond the checkpoint are made again and count once, also when the last line was cut', async () => {
  await attemptUntil(4);
  const saved = readFileSync(file(newest()));
  // As if the process had gone on for two more records and a half, and had died.
  for (const step of [5, 6]) {
    const line = encodeLine(
      { v: 1, run: 'x', attempt: 0, t: 1 },
      { kind: 'metric', name: 'loss', step, value: NaN },
    );
    appendFileSync(file('metrics.jsonl'), line);
  }
  appendFileSync(file('metrics.jsonl'), '{"v":1,"run":"x');
  expect(readCellLog(directory()).cut).toBe(true);
  expect(readFileSync(file(newest()))).toEqual(saved);
  expect(await attempt()).toEqual({ kind: 'complete' });
  expect(records()).toEqual(uninterrupted);
  // Nothing was removed from the file.
  expect(readFileSync(file('metrics.jsonl'), 'utf8')).toContain('"step":5,"value":"NaN"');
});

test('an experiment that keeps no checkpoints begins anew, and its earlier records do not count', async () => {
  const without: GridExperiment = {
    ...toyGrid,
    runCell: (each, context) =>
      toyGrid.runCell(each, {
        ...context,
        checkpoints: {
          restore: () => Promise.resolve(undefined),
          due: () => false,
          save: () => Promise.resolve(),
        },
      }),
  };
  await attemptUntil(3, { grid: without });
  expect(await attempt({ grid: without })).toEqual({ kind: 'complete' });
  expect(records()).toEqual(uninterrupted);
});

test('a corrupt checkpoint is passed over for the one before it, which is said and noted', async () => {
  await attemptUntil(4);
  appendFileSync(file(newest()), 'x');
  said.length = 0;
  expect(await attempt()).toEqual({ kind: 'complete' });
  expect(records()).toEqual(uninterrupted);
  expect(said.join()).toMatch(/cannot be used.*going on from/);
  expect(readCellLog(directory()).notes.join()).toMatch(/cannot be used.*going on from/);
});

test('a cell all of whose checkpoints are corrupt is refused and left as it is', async () => {
  await attemptUntil(4);
  for (const name of readdirSync(directory()).filter((each) => each.startsWith('checkpoint')))
    writeFileSync(file(name), 'x');
  expect(await attempt()).toMatchObject({ kind: 'refused', code: 'CHECKPOINT_CORRUPT' });
  expect(await attempt()).toMatchObject({ kind: 'refused', code: 'CHECKPOINT_CORRUPT' });
  expect(records()).toHaveLength(4);
});

test('a cell begun with other data or versions is refused unless that is allowed, which is recorded', async () => {
  await attemptUntil(2);
  const changes: Partial<CellRun> = {
    versions: { langevin: '2', node: '1', webgpu: '1' },
    load: () => Promise.resolve({ ...dataset, hashes: { ...dataset.hashes, train: 'ff' } }),
  };
  const refused = await attempt(changes);
  expect(refused).toMatchObject({ kind: 'refused', code: 'RESUME_MISMATCH' });
  expect(JSON.stringify(refused)).toContain('langevin: 1 then, 2 now');
  expect(JSON.stringify(refused)).toContain(`sha256 of train: ${dataset.hashes['train']} then, ff now`);
  expect(manifest().attempt).toBe(0);
  expect(await attempt({ ...changes, allowMismatch: true })).toEqual({ kind: 'complete' });
  expect(manifest().mismatches).toEqual([
    `attempt 1: sha256 of train: ${dataset.hashes['train']} then, ff now`,
    'attempt 1: langevin: 1 then, 2 now',
  ]);
});

test('a cell whose training throws is failed, says why, and can be taken up again', async () => {
  const grid = failingAfter(3, new LangevinError('NON_FINITE', 'the loss is NaN'));
  expect(await attempt({ grid })).toEqual({ kind: 'failed', code: 'NON_FINITE', message: 'the loss is NaN' });
  expect(manifest()).toMatchObject({ status: 'failed', error: { code: 'NON_FINITE' } });
  expect(await attempt()).toEqual({ kind: 'complete' });
  expect(records()).toEqual(uninterrupted);
  expect(manifest().error).toBeUndefined();
});

test('a lost device is not the fault of the cell', async () => {
  const grid = failingAfter(3, new LangevinError('DEVICE_LOST', 'gone'));
  expect(await attempt({ grid })).toMatchObject({ kind: 'refused', code: 'DEVICE_LOST' });
  expect(manifest().status).not.toBe('failed');
  expect(await attempt()).toEqual({ kind: 'complete' });
  expect(records()).toEqual(uninterrupted);
});

test('a training that ends without its last record is failed', async () => {
  const grid: GridExperiment = { ...toyGrid, isFinished: () => false };
  expect(await attempt({ grid })).toMatchObject({ kind: 'failed', code: 'CELL_UNFINISHED' });
});

test('a full disk ends the attempt, and nothing is lost: the next one goes on and ends alike', async () => {
  let free = 0;
  const full = <T>(go: () => Promise<T>): Promise<T> =>
    --free < 0
      ? Promise.reject(
          Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', syscall: 'write' }),
        )
      : go();
  const files: FileSystem = {
    ...nodeFileSystem,
    create: async (path) => {
      const handle = await nodeFileSystem.create(path);
      return {
        ...handle,
        write: (bytes) => full(() => handle.write(bytes)),
        flush: () => full(() => handle.flush()),
      };
    },
  };
  for (const writes of [0, 5, 10]) {
    free = writes;
    expect(await attempt({ files })).toMatchObject({
      kind: 'refused',
      code: 'CHECKPOINT_WRITE',
      message: expect.stringContaining('ENOSPC') as string,
    });
  }
  expect(await attempt()).toEqual({ kind: 'complete' });
  expect(records()).toEqual(uninterrupted);
});

test('equal cells have one id, whatever the order of their keys, and others have others', () => {
  const reordered = Object.fromEntries(Object.entries(cell).reverse()) as unknown as Cell;
  expect(cellId(reordered)).toBe(cellId(cell));
  expect(cellId({ ...cell, extra: undefined } as unknown as Cell)).toBe(cellId(cell));
  expect(cellId({ ...cell, seed: 1 })).not.toBe(cellId(cell));
  expect(cellId({ ...cell, dataset: { name: 'procedural', size: 32 } })).not.toBe(cellId(cell));
  expect(cellId(cell)).toMatch(/^[0-9a-f]{16}$/);
});

test('a cell that was never begun is neither finished nor an error', () => {
  expect(readCell(out, cell, () => true)).toMatchObject({ manifest: undefined, finished: false });
});

test('a manifest that cannot be read is refused rather than replaced', async () => {
  await attemptUntil(2);
  writeFileSync(file('manifest.json'), '{"schema":');
  expect(await attempt()).toMatchObject({ kind: 'refused', code: 'RUN_CORRUPT' });
  expect(readFileSync(file('manifest.json'), 'utf8')).toBe('{"schema":');
});

test('a record with a name or a field of the log itself is refused', () => {
  const log = openCellLog(root, 'x', 0);
  for (const record of [
    { kind: 'event', name: 'cell/resumed' },
    { kind: 'event', name: 'x', attempt: 1 },
  ])
    expect(() => log.append(record as unknown as RunRecord)).toThrow(
      expect.objectContaining({ code: 'RECORD' }),
    );
  log.close();
});
