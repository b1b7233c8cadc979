/** Sweeps in this process, over a grid of small trainings on the reference backend. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { cli } from '../../cli/cli.ts';
import { load } from '../../data/node/index.ts';
import { toyGrid } from './toy-grid.ts';
import { toy } from './toy.ts';

const root = mkdtempSync(join(tmpdir(), 'langevin-sweep-'));
afterAll(() => rmSync(root, { recursive: true }));

const loadLittle: typeof load = (name, options) => load(name, { train: 100, test: 20, ...options });

let counter = 0;
let out = '';
beforeEach(() => {
  out = join(root, `sweeps-${counter++}`);
});

async function say(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const code = await cli(argv, {
    experiments: [toy, toyGrid],
    load: loadLittle,
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    environment: {},
  });
  return { code, stdout, stderr };
}

const sweep = (...more: string[]) =>
  say('sweep', 'toy/grid', '--backend', 'reference', '--out', out, ...more);

test('a sweep trains every cell in a directory of its own, and reports on all of them', async () => {
  const { code, stderr } = await sweep();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(readdirSync(join(out, 'cells'))).toHaveLength(3);
});
