import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { lockDirectory } from '../../experiments/node/lock.ts';
import { readRun } from '../../experiments/node/read-run.ts';
import { createRunDirectory, type RunDirectory } from '../../experiments/node/run-directory.ts';
import { writeRunFile } from '../../experiments/node/write.ts';
import type { Manifest } from '../../experiments/types.ts';

const root = mkdtempSync(join(tmpdir(), 'langevin-run-'));
afterAll(() => rmSync(root, { recursive: true }));

let counter = 0;
let out = '';
beforeEach(() => {
  out = join(root, `run-${counter++}`);
});

const create = (): RunDirectory => createRunDirectory({ experiment: 'x', preset: 'smoke', seed: 0, out });

const manifest: Manifest = {
  schema: 1,
  run: 'run',
  experiment: 'x',
  preset: 'smoke',
  seed: 0,
  config: {},
  changes: [],
  adapter: { backend: 'reference', name: 'n', source: 's' },
  dataset: { name: 'd', source: 'procedural', train: 1, test: 1, hashes: {} },
  versions: { langevin: '0', node: '0', webgpu: '0' },
  status: 'running',
};

test('records are read back as they were appended, each in one line', async () => {
  const directory = create();
  await directory.writeManifest(manifest);
  directory.append({ kind: 'metric', name: 'loss', step: 0, value: NaN });
  directory.append({ kind: 'event', name: 'halved', note: 'two\nlines' });
  directory.close();
  const { records, notices } = await readRun(out);
  expect(records).toEqual([
    { kind: 'metric', name: 'loss', step: 0, value: NaN },
    { kind: 'event', name: 'halved', note: 'two\nlines' },
  ]);
  expect(notices).toEqual([]);
  expect(readFileSync(join(out, 'metrics.jsonl'), 'utf8').split('\n')).toHaveLength(3);
});

test('a run that has written no record yet can be read', async () => {
  const directory = create();
  await directory.writeManifest(manifest);
  expect((await readRun(out)).records).toEqual([]);
  directory.close();
});

test.runIf(existsSync('/dev/full'))('a full disk is RUN_WRITE', () => {
  const directory = create();
  symlinkSync('/dev/full', join(out, 'metrics.jsonl'));
  const write = (): void => directory.append({ kind: 'event', name: 'x' });
  expect(write).toThrow(expect.objectContaining({ code: 'RUN_WRITE' }));
  directory.close();
});

test('a record with a field of the log itself is refused', () => {
  const directory = create();
  const record = { kind: 'event', name: 'x', t: 3 } as unknown as Parameters<RunDirectory['append']>[0];
  expect(() => directory.append(record)).toThrow(expect.objectContaining({ code: 'RECORD' }));
  directory.close();
});

test('a file that cannot be replaced stays as it was, and nothing is left beside it', async () => {
  const directory = create();
  await directory.writeManifest(manifest);
  const before = readFileSync(join(out, 'manifest.json'), 'utf8');
  await expect(writeRunFile(join(out, 'missing', 'manifest.json'), 'x')).rejects.toMatchObject({
    code: 'RUN_WRITE',
  });
  expect(readFileSync(join(out, 'manifest.json'), 'utf8')).toBe(before);
  directory.close();
  expect(readdirSync(out)).toEqual(['manifest.json']);
});

test('a directory in which nothing was written is removed, unless it was there before', () => {
  create().close();
  expect(existsSync(out)).toBe(false);
});

test('a directory is locked until it is given free', () => {
  const directory = create();
  expect(() => lockDirectory(out)).toThrow(expect.objectContaining({ code: 'RUN_LOCKED' }));
  expect(create).toThrow(expect.objectContaining({ code: 'RUN_LOCKED' }));
  directory.append({ kind: 'event', name: 'x' });
  directory.close();
  lockDirectory(out).release();
});

test.each([
  ['nothing', undefined, 'RUN_MISSING'],
  ['half a manifest', '{"schema":', 'RUN_CORRUPT'],
  ['a manifest of another schema', '{"schema":9,"experiment":"x"}', 'RUN_CORRUPT'],
  ['a manifest that is no object', 'null', 'RUN_CORRUPT'],
])('a directory with %s is refused', async (_what, text, code) => {
  const directory = create();
  if (text !== undefined) writeFileSync(join(out, 'manifest.json'), text);
  await expect(readRun(out)).rejects.toMatchObject({ code });
  directory.close();
});
