/** Sweeps that are killed: ten times on an adapter, with their workers, and beside another. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileCommand, writeCommand } from './command-file.ts';
import {
  childrenOf,
  linesIn,
  isAlive,
  locksIn,
  manifestsIn,
  reached,
  recordsIn,
  recordsOf,
  startSweep,
  type Running,
} from './sweep-process.ts';

const root = mkdtempSync(join(tmpdir(), 'langevin-faults-'));
const main = join(root, 'main.mjs');
let uninterrupted: unknown;
afterAll(() => rmSync(root, { recursive: true }));
beforeAll(async () => {
  compileCommand();
  writeCommand(main, 'toy-grid.ts', 'toyGrid');
  uninterrupted = await recordsOf({ rates: [0.01, 0.02, 0.03], delay: 30 });
}, 120_000);

/** A sweep of three cells of twelve steps, each of at least 30 ms, on the backend that starts at once. */
const start = (out: string, ...more: string[]): Running =>
  startSweep(main, out, '--backend', 'reference', '--set', 'delay=30', ...more);

test('a sweep on the adapter, killed at ten random moments and started again each time, has the final parameters of an uninterrupted one', async () => {
  const adapter = (out: string): Running => startSweep(main, out, '--set', 'delay=30', '--set', 'steps=40');
  const whole = join(root, 'adapter');
  expect(await adapter(whole).ended).toMatchObject({ code: 0 });
  const out = join(root, 'adapter-killed');
  for (let kill = 0; kill < 10; kill++) {
    const running = adapter(out);
    // Of 123 records in all; a step and its checkpoint take about 50 ms, or several times that on a busy machine.
    await reached(out, linesIn(out) + 1 + Math.floor(9 * Math.random()), running);
    await setTimeout(60 * Math.random());
    running.child.kill('SIGKILL');
    await running.ended;
  }
  expect(await adapter(out).ended).toMatchObject({ code: 0, stderr: '' });
  expect(recordsIn(out)).toEqual(recordsIn(whole));
  expect(manifestsIn(out).reduce((sum, { attempt }) => sum + attempt, 0)).toBeGreaterThan(5);
});

test('a sweep killed at random moments and started again each time has the records of an uninterrupted one', async () => {
  const out = join(root, 'killed');
  for (const lines of [1, 4, 9, 12, 14, 17, 25, 28, 33, 38]) {
    const running = start(out);
    await reached(out, lines, running);
    await setTimeout(30 * Math.random());
    running.child.kill('SIGKILL');
    expect(await running.ended).toMatchObject({ signal: 'SIGKILL' });
  }
  expect(await start(out).ended).toMatchObject({ code: 0, stderr: '' });
  expect(recordsIn(out)).toEqual(uninterrupted);
  expect(manifestsIn(out).some(({ attempt }) => attempt > 0)).toBe(true);
});

test('two processes have the records of one, and end with their parent, however it ends', async () => {
  const out = join(root, 'jobs');
  const first = start(out, '--jobs', '2');
  await reached(out, 8, first);
  const workers = childrenOf(first.child.pid ?? 0);
  expect(workers).toHaveLength(2);
  first.child.kill('SIGKILL');
  await first.ended;
  for (let k = 0; k < 100 && workers.some(isAlive); k++) await setTimeout(20);
  expect(workers.filter(isAlive)).toEqual([]);

  const second = start(out, '--jobs', '2');
  await reached(out, linesIn(out) + 3, second);
  second.child.kill('SIGINT');
  expect(await second.ended).toMatchObject({ code: 130, stderr: '' });
  expect(locksIn(out)).toEqual([]);

  expect(await start(out, '--jobs', '2').ended).toMatchObject({ code: 0, stderr: '' });
  expect(recordsIn(out)).toEqual(uninterrupted);
});

test('a second SIGINT ends all processes at once, and the next sweep goes on from the last checkpoints', async () => {
  const out = join(root, 'twice');
  const running = start(out, '--jobs', '2', '--set', 'delay=3000', '--set', 'steps=3');
  await reached(out, 2, running);
  const workers = childrenOf(running.child.pid ?? 0);
  // Into the next step, of three seconds, and not while the checkpoint of this one is written.
  await setTimeout(1000);
  running.child.kill('SIGINT');
  await setTimeout(300);
  running.child.kill('SIGINT');
  const { code, stdout } = await running.ended;
  expect(code).toBe(130);
  expect(stdout).not.toContain('report: ');
  for (let k = 0; k < 100 && workers.some(isAlive); k++) await setTimeout(20);
  expect(workers.filter(isAlive)).toEqual([]);
  expect(manifestsIn(out).map(({ status }) => status)).toContain('running');
  const again = await start(out, '--jobs', '2', '--set', 'delay=3000', '--set', 'steps=3').ended;
  expect(again).toMatchObject({ code: 0, stderr: '' });
  expect(manifestsIn(out).filter(({ attempt }) => attempt === 1)).toHaveLength(2);
});

test('a worker that dies takes no other cell with it, and its cell goes on in the next sweep', async () => {
  const out = join(root, 'worker');
  const running = start(out, '--jobs', '2');
  await reached(out, 8, running);
  const [worker = 0] = childrenOf(running.child.pid ?? 0);
  process.kill(worker, 'SIGKILL');
  const { code, stdout } = await running.ended;
  expect(code).toBe(1);
  expect(stdout).toContain('[WORKER_DIED]');
  expect(manifestsIn(out).filter(({ status }) => status === 'complete')).toHaveLength(2);
  expect(await start(out).ended).toMatchObject({ code: 0 });
  expect(recordsIn(out)).toEqual(uninterrupted);
});

test('two sweeps at the same time share the cells, and each cell is trained once', async () => {
  const out = join(root, 'shared');
  const endings = await Promise.all([start(out).ended, start(out).ended]);
  for (const { code, stderr } of endings)
    expect([
      { code: 0, stderr: '' },
      { code: 75, stderr: '' },
    ]).toContainEqual({ code, stderr });
  expect(endings.some(({ code }) => code === 0)).toBe(true);
  expect(manifestsIn(out).map(({ attempt }) => attempt)).toEqual([0, 0, 0]);
  expect(recordsIn(out)).toEqual(uninterrupted);
});
