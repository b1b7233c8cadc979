/** Sweeps of replicas that are killed at random moments, and go on with others in their company. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { differences } from './close-records.ts';
import { compileCommand, writeCommand } from './command-file.ts';
import {
  linesIn,
  locksIn,
  manifestsIn,
  reached,
  recordsIn,
  startSweep,
  type Running,
} from './sweep-process.ts';

const root = mkdtempSync(join(tmpdir(), 'langevin-replicas-'));
const main = join(root, 'main.mjs');
let uninterrupted: unknown;
afterAll(() => rmSync(root, { recursive: true }));

/** Six cells of twelve steps and 20 records, each step of at least 20 ms, on the backend that starts at once. */
const start = (out: string, ...more: string[]): Running => {
  const settings = ['delay=20', 'repeats=3', 'steps=12'].flatMap((setting) => ['--set', setting]);
  return startSweep(main, out, '--backend', 'reference', ...settings, ...more);
};

beforeAll(async () => {
  compileCommand();
  writeCommand(main, 'toy-trainings.ts', 'toyTrainings');
  const out = join(root, 'uninterrupted');
  await start(out).ended;
  uninterrupted = recordsIn(out);
}, 120_000);

test('replicas killed at random moments, and taken up again in companies of other sizes, have the records of an uninterrupted sweep', async () => {
  const out = join(root, 'killed');
  for (const replicas of [3, 6, 2, 1, 4, 6, 5]) {
    const running = start(out, '--replicas', String(replicas));
    await reached(out, linesIn(out) + 2 + Math.floor(12 * Math.random()), running);
    await setTimeout(30 * Math.random());
    running.child.kill('SIGKILL');
    await running.ended;
  }
  expect(await start(out, '--replicas', '6').ended).toMatchObject({ code: 0, stderr: '' });
  expect(differences(recordsIn(out), uninterrupted)).toEqual([]);
  expect(manifestsIn(out).reduce((sum, { attempt }) => sum + attempt, 0)).toBeGreaterThan(5);
});

test('SIGINT saves a checkpoint of every replica in every process, and the next sweep goes on there', async () => {
  const out = join(root, 'stopped');
  const running = start(out, '--jobs', '2', '--replicas', '3');
  await reached(out, 30, running);
  running.child.kill('SIGINT');
  expect(await running.ended).toMatchObject({ code: 130, stderr: '' });
  expect(locksIn(out)).toEqual([]);
  const begun = manifestsIn(out);
  expect(begun.map(({ status }) => status)).toEqual(Array(6).fill('interrupted'));
  const lines = linesIn(out);
  expect(await start(out, '--jobs', '2', '--replicas', '2').ended).toMatchObject({ code: 0, stderr: '' });
  expect(differences(recordsIn(out), uninterrupted)).toEqual([]);
  // What came after the last checkpoints is made again: a step's two records. Second attempts say where they begin.
  const total = (uninterrupted as unknown[][]).flat().length;
  expect(linesIn(out) - lines).toBeGreaterThanOrEqual(total - lines + 6);
  expect(linesIn(out) - lines).toBeLessThanOrEqual(total - lines + 6 + 6 * 2);
});
