/** Sweeps that train several cells as one program, in this process, on the reference backend. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli } from '../../cli/cli.ts';
import { companies } from '../../cli/sweep/schedule.ts';
import { localWorker } from '../../cli/sweep/worker.ts';
import { load } from '../../data/node/index.ts';
import { LangevinError } from '../../engine/index.ts';
import type { Cell, GridExperiment } from '../../experiments/grid.ts';
import { differences } from './close-records.ts';
import { manifestsIn, recordsIn } from './sweep-process.ts';
import { toyGrid } from './toy-grid.ts';
import { toyTrainings } from './toy-trainings.ts';

const root = mkdtempSync(join(tmpdir(), 'langevin-replicas-'));
afterAll(() => rmSync(root, { recursive: true }));

const loadLittle: typeof load = (name, options) => load(name, { train: 40, test: 20, ...options });

async function sweep(
  out: string,
  experiment: GridExperiment,
  ...more: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const code = await cli(['sweep', 'toy/grid', '--backend', 'reference', '--out', join(root, out), ...more], {
    experiments: [experiment],
    load: loadLittle,
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    environment: {},
  });
  return { code, stdout, stderr };
}

let single: unknown;
beforeAll(async () => {
  await sweep('single', toyTrainings);
  single = recordsIn(join(root, 'single'));
});

test('replicas have directories of their own, with the records of cells trained by themselves', async () => {
  const { code, stderr } = await sweep('four', toyTrainings, '--replicas', '4');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(differences(recordsIn(join(root, 'four')), single)).toEqual([]);
  expect(manifestsIn(join(root, 'four')).map(({ status, attempt }) => [status, attempt])).toEqual(
    Array(4).fill(['complete', 0]),
  );
  const again = await sweep('four', toyTrainings, '--replicas', '3');
  expect(again.stdout).toContain('4 cells, 4 finished before');
});

test('what cannot be is refused', async () => {
  const none = await sweep('none', toyTrainings, '--replicas', '0');
  expect(none).toMatchObject({ code: 2 });
  expect(none.stderr).toContain('--replicas 0: expected at least 1.');
  const single = await sweep('none', toyGrid, '--replicas', '2');
  expect(single).toMatchObject({ code: 2 });
  expect(single.stderr).toContain('toy/grid trains its cells one by one and has no replicas');
});

describe('a company', () => {
  const cell = (name: string): Cell => ({ dataset: { name: 'procedural' }, seed: 0, name });
  const keyed = { replicaKey: ({ name }: Cell) => (name === 'z' ? undefined : (name as string)[0]!) };
  const named = (all: readonly (readonly Cell[])[]): unknown =>
    all.map((each) => each.map(({ name }) => name));

  test('has cells of one key, as many as asked for, and stands where the first is', () => {
    const cells = ['a1', 'b1', 'a2', 'z', 'a3', 'b2', 'z', 'a4', 'a5'].map(cell);
    expect(named(companies(cells, keyed, 2))).toEqual([
      ['a1', 'a2'],
      ['b1', 'b2'],
      ['z'],
      ['a3', 'a4'],
      ['z'],
      ['a5'],
    ]);
    expect(companies(cells, keyed, 1)).toHaveLength(9);
    expect(companies(cells, {}, 4)).toHaveLength(9);
  });

  test('that does not fit into memory is trained in halves, which is said once', async () => {
    const said: string[] = [];
    const sizes: number[] = [];
    let running = 0;
    const grid = {
      ...toyTrainings,
      label: ({ name }: Cell) => name as string,
      async *runCell({ name }: Cell) {
        running++;
        await new Promise((resume) => setTimeout(resume, 20));
        sizes.push(running);
        const full = running > 2;
        await new Promise((resume) => setTimeout(resume, 20));
        running--;
        if (full) throw new LangevinError('OUT_OF_MEMORY', 'The device has no room.');
        yield { kind: 'result', name: 'training', of: name as string };
      },
    } as unknown as GridExperiment;
    const training = {
      grid,
      out: join(root, 'memory'),
      backend: 'reference' as const,
      dataDirectory: undefined,
      checkpointEvery: 30,
      allowMismatch: false,
    };
    const worker = localWorker(
      training,
      loadLittle,
      { aborted: false },
      {
        progress: () => undefined,
        log: (message) => said.push(message),
      },
    );
    const outcomes: unknown[] = [];
    const settled = (_: Cell, { kind }: { kind: string }): void => void outcomes.push(kind);
    await worker.run(['a', 'b', 'c', 'd', 'e'].map(cell), settled);
    await worker.run(['f', 'g', 'h'].map(cell), settled);
    expect(said).toEqual([
      '5 replicas do not fit into the memory of the device: going on with 3.',
      '3 replicas do not fit into the memory of the device: going on with 2.',
    ]);
    expect(outcomes).toEqual(Array(8).fill('complete'));
    expect(Math.max(...sizes.slice(-3))).toBe(2);
  });
});
