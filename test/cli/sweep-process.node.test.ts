/** Sweeps as processes: killed, stopped, several at once. `sweep-faults.slow.node.test.ts` goes further. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileCommand, writeCommand } from './command-file.ts';
import {
  linesIn,
  locksIn,
  manifestsIn,
  reached,
  recordsIn,
  recordsOf,
  startSweep,
  type Running,
} from './sweep-process.ts';

const root = mkdtempSync(join(tmpdir(), 'langevin-sweep-'));
const main = join(root, 'main.mjs');
let uninterrupted: unknown;
afterAll(() => rmSync(root, { recursive: true }));
beforeAll(async () => {
  compileCommand();
  writeCommand(main, 'toy-grid.ts', 'toyGrid');
  uninterrupted = await recordsOf({ rates: [0.01, 0.02], delay: 40 });
}, 120_000);

/** A sweep of two cells of twelve steps, each of at least 40 ms, on the backend that starts at once. */
const start = (out: string, ...more: string[]): Running =>
  startSweep(main, out, '--backend', 'reference', '--set', 'delay=40', '--set', 'rates=0.01,0.02', ...more);

test('a sweep killed in the middle of a cell and started again has the records of an uninterrupted one', async () => {
  const out = join(root, 'killed');
  const running = start(out);
  await reached(out, 4, running);
  await setTimeout(30 * Math.random());
  running.child.kill('SIGKILL');
  expect(await running.ended).toMatchObject({ signal: 'SIGKILL' });
  expect(await start(out).ended).toMatchObject({ code: 0, stderr: '' });
  expect(recordsIn(out)).toEqual(uninterrupted);
  expect(manifestsIn(out).some(({ attempt }) => attempt > 0)).toBe(true);
});

test('SIGINT saves a checkpoint in every process, writes the report and exits with 130; the next sweep goes on there', async () => {
  const out = join(root, 'stopped');
  const running = start(out, '--jobs', '2');
  await reached(out, 5, running);
  running.child.kill('SIGINT');
  const { code, stdout, stderr } = await running.ended;
  expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
  expect(stdout).toContain('Saving checkpoints');
  expect(stdout).toContain('2 of 2 cells are not finished.');
  expect(locksIn(out)).toEqual([]);
  const begun = manifestsIn(out);
  expect(new Set(begun.map(({ status }) => status))).toEqual(new Set(['interrupted']));
  expect(await start(out, '--jobs', '2').ended).toMatchObject({ code: 0, stderr: '' });
  expect(recordsIn(out)).toEqual(uninterrupted);
  // Nothing was trained twice: 2 cells of 13 records, and lines that say where second attempts began.
  expect(linesIn(out)).toBe(2 * 13 + begun.length);
});
