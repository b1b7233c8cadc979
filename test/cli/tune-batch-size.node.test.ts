/** `langevin tune batch-size` with the tuner on a network of a few units, in float64. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { cli } from '../../cli/cli.ts';
import { load } from '../../data/node/index.ts';
import { tuner } from '../../experiments/bayes-sgd/tuner/index.ts';

const root = mkdtempSync(join(tmpdir(), 'langevin-tune-'));
afterAll(() => rmSync(root, { recursive: true }));

async function say(
  ...argv: string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const code = await cli(argv, {
    experiments: [tuner],
    load: (name, options) => load(name, { train: 60, test: 20, size: 8, ...options }),
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    environment: {},
  });
  return { code, stdout, stderr };
}

test('tune batch-size tries batch sizes, says what it found, and leaves a report', async () => {
  const out = join(root, 'tuned');
  const changes = [
    'hidden=4',
    'trainExamples=30',
    'validationExamples=20',
    'steps=2',
    'smallest=8',
    'largest=16',
  ];
  const settings = changes.flatMap((change) => ['--set', change]);
  const { code, stdout, stderr } = await say(
    'tune',
    'batch-size',
    '--backend',
    'reference',
    '--out',
    out,
    '--json',
    ...settings,
  );
  expect(code).toBe(0);
  expect(stderr).toContain('What was found');
  const chosen: unknown = expect.objectContaining({ learningRate: 1, momentum: 0.9 });
  expect(JSON.parse(stdout)).toMatchObject({ experiment: 'bayes-sgd/tuner', status: 'complete', chosen });
  expect(existsSync(join(out, 'report.html'))).toBe(true);
});

test('tune batch-size takes no experiment, and its help says what it does', async () => {
  const { code, stderr } = await say('tune', 'batch-size', 'bayes-sgd/tuner');
  expect(code).toBe(2);
  expect(stderr).toContain('one argument too many');
  const help = await say('tune', 'batch-size', '--help');
  expect(help.code).toBe(0);
  expect(help.stdout).toContain('batch sizes on a logarithmic grid');
});
