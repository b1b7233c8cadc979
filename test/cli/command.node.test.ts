/** Command lines in this process, with an experiment that only counts. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { cli } from '../../cli/cli.ts';
import { LangevinError } from '../../engine/index.ts';
import type { GridExperiment } from '../../experiments/grid.ts';
import type { Experiment, Manifest } from '../../experiments/types.ts';
import { load } from '../../data/node/index.ts';
import { toy } from './toy.ts';

const root = mkdtempSync(join(tmpdir(), 'langevin-cli-'));
afterAll(() => rmSync(root, { recursive: true }));

/** The real thing, a hundredth of the size. */
const loadLittle: typeof load = (name, options) => load(name, { train: 100, test: 20, ...options });

let counter = 0;
let out = '';
beforeEach(() => {
  out = join(root, `run-${counter++}`);
});

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function say(...argv: string[]): Promise<Said> {
  return sayAt({}, ...argv);
}

/** One that draws what it works on. */
const drawing: Experiment = { ...toy, name: 'toy-draw', ownData: () => 'drawn points' };

/** A grid whose cells are trained on images of several shapes and numbers. */
const shapes: GridExperiment = {
  ...(toy as unknown as Experiment),
  name: 'toy-forms',
  cells: () =>
    [{ size: 8, channels: 3 }, { size: 8 }, { size: 8, train: 120 }, { size: 8 }].map((drawing) => ({
      dataset: { name: 'procedural', ...drawing },
      seed: 0,
    })),
  label: () => 'a cell',
  cost: () => 1,
  async *runCell() {},
  isFinished: () => true,
  gather: () => [],
  async *run(config, context) {
    for (const { dataset } of this.cells(config, 0, 'procedural')) {
      const { train, hashes } = await context.datasetOf!(dataset);
      yield { kind: 'result', name: 'seen', shape: [train.count, train.channels], hash: hashes['train']! };
    }
  },
};

async function sayAt(environment: Record<string, string>, ...argv: string[]): Promise<Said> {
  let [stdout, stderr] = ['', ''];
  const code = await cli(argv, {
    experiments: [toy, drawing, shapes],
    load: loadLittle,
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    environment,
  });
  return { code, stdout, stderr };
}

/** A run on the reference backend. */
const runToy = (...more: string[]): Promise<Said> =>
  say('run', 'toy-count', '--backend', 'reference', '--out', out, ...more);

const manifestOf = (directory: string): Manifest =>
  JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')) as Manifest;

test.each([
  [['rum'], 'did you mean run? [UNKNOWN_COMMAND]'],
  [['data', 'lst'], 'did you mean data list? [UNKNOWN_COMMAND]'],
  [['run'], 'EXPERIMENT is missing'],
  [['run', 'toy-conut'], 'did you mean toy-count? [UNKNOWN_EXPERIMENT]'],
  [['run', 'toy-count', '--preset', 'smok'], 'did you mean smoke? [UNKNOWN_PRESET]'],
  [['run', 'toy-count', '--data', 'fashion'], 'did you mean fashion-mnist? [DATA_UNKNOWN]'],
  [['run', 'toy-count', '--backend', 'cuda'], '[UNKNOWN_BACKEND]'],
  [['run', 'toy-count', '--sede', '1'], 'did you mean --seed? [UNKNOWN_OPTION]'],
  [['run', 'toy-count', '--seed', '-1'], '--seed -1: expected a whole number'],
  [['run', 'toy-count', '--seed', '1.5'], '--seed 1.5: expected a whole number'],
  [['run', 'toy-count', '--seed'], '--seed needs a value'],
  [['run', 'toy-count', '--seed', '1', '--seed', '2'], '--seed is given 2 times'],
  [['run', 'toy-count', '--json=yes'], '--json takes no value'],
  [['run', 'toy-count', 'again'], "'again' is one argument too many"],
  [['run', 'toy-count', '--set', 'setps=3'], 'did you mean steps? [SETTING_UNKNOWN]'],
  [['run', 'toy-count', '--set', 'steps=many'], '[SETTING_TYPE]'],
  [['data', 'get', 'minst'], 'did you mean mnist? [DATA_UNKNOWN]'],
])('%j is wrong usage: exit code 2, one sentence, and the nearest name', async (argv, sentence) => {
  const { code, stdout, stderr } = await say(...argv);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^langevin: .*\n$/);
  expect(stderr).toContain(sentence);
});

test('nothing is written when the arguments are wrong', async () => {
  await runToy('--set', 'steps=many');
  expect(existsSync(out)).toBe(false);
});

test('a configuration that the experiment refuses is wrong usage and leaves no directory', async () => {
  const refusing = {
    ...toy,
    // eslint-disable-next-line require-yield
    async *run() {
      throw new LangevinError('CONFIG', 'steps is 0: expected at least 1.');
    },
  };
  let [stdout, stderr] = ['', ''];
  const code = await cli(['run', 'toy-count', '--backend', 'reference', '--out', out], {
    experiments: [refusing],
    load: loadLittle,
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    environment: {},
  });
  expect({ code, stdout, stderr }).toEqual({
    code: 2,
    stdout: '',
    stderr: 'langevin: steps is 0: expected at least 1. [CONFIG]\n',
  });
  expect(existsSync(out)).toBe(false);
});

test.each([
  [[]],
  [['list']],
  [['run']],
  [['sweep']],
  [['report']],
  [['data', 'get']],
  [['data', 'list']],
  [['doctor']],
])('langevin %j --help succeeds, and no line is wider than a terminal of 40 columns', async (command) => {
  const { code, stdout, stderr } = await sayAt({ COLUMNS: '40' }, ...command, '--help');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('langevin');
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40);
});

test('langevin list names every experiment and preset', async () => {
  const { code, stdout } = await say('list');
  expect(code).toBe(0);
  expect(stdout).toContain('toy-count  Counting. Does counting work?');
  expect(stdout).toContain('smoke, small, medium, paper');
});

test('an experiment that makes its data says so in its manifest and report, in the list, and to whoever names a data set', async () => {
  const { code, stdout } = await say('run', 'toy-draw', '--backend', 'reference', '--out', out);
  expect(code).toBe(0);
  expect(stdout).toContain('data: drawn points · ');
  expect(manifestOf(out).dataset).toEqual({
    name: 'drawn points',
    source: 'own',
    train: 0,
    test: 0,
    hashes: {},
  });
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  expect(page).toContain('<dt>data</dt><dd>drawn points</dd>');
  expect(page).toContain('langevin run toy-draw --preset smoke --seed 0 --backend reference<');
  expect((await say('list')).stdout).toContain('without --data: toy-draw (drawn points)\n');
  expect(await say('run', 'toy-draw', '--data', 'mnist')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'langevin: toy-draw works on drawn points and not on mnist: leave --data away. [USAGE]\n',
  });
});

test('a run prints its directory first, its table and its report last, and says in the manifest what it was', async () => {
  const { code, stdout, stderr } = await runToy(
    '--seed',
    '3',
    '--set',
    'optimizer.rate=0.5',
    '--set',
    'steps=4',
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toBe(out);
  expect(stdout).toContain('1.5       2.50  2.50 ± 0.01');
  expect(lines.at(-1)).toBe(`report: ${join(out, 'report.html')}`);
  expect(readdirSync(out).sort()).toEqual([
    'covariance.svg',
    'loss.svg',
    'manifest.json',
    'metrics.jsonl',
    'report.html',
  ]);
  expect(manifestOf(out)).toMatchObject({
    schema: 1,
    experiment: 'toy-count',
    preset: 'smoke',
    seed: 3,
    config: { steps: 4, optimizer: { name: 'sgd', rate: 0.5 } },
    changes: ['optimizer.rate=0.5', 'steps=4'],
    adapter: { backend: 'reference' },
    dataset: { name: 'procedural', hashes: { train: expect.stringMatching(/^[0-9a-f]{64}$/) as string } },
    versions: { node: process.versions.node, langevin: expect.stringMatching(/^\d/) as string },
    status: 'complete',
  });
});

test('with --json the last line of stdout is one object, and everything for people goes to stderr', async () => {
  const { code, stdout, stderr } = await runToy('--json');
  expect(code).toBe(0);
  expect(stderr).toContain(out);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  expect(JSON.parse(stdout)).toEqual({
    experiment: 'toy-count',
    preset: 'smoke',
    seed: 0,
    adapter: 'CPU: float64 interpreter',
    status: 'complete',
    covariance: [1, 1.5, 2].map((alpha) => {
      const predicted = alpha ** 2 + (1 - alpha) ** 2;
      return { alpha, predicted, measured: predicted, standardError: 0.01 };
    }),
    runs: [],
    report: join(out, 'report.html'),
  });
});

test('the report drawn again from the records alone has the same bytes', async () => {
  await runToy();
  const files = ['report.html', 'loss.svg', 'covariance.svg'];
  const before = files.map((file) => readFileSync(join(out, file), 'utf8'));
  for (const file of files) rmSync(join(out, file));
  expect((await say('report', out)).code).toBe(0);
  expect(files.map((file) => readFileSync(join(out, file), 'utf8'))).toEqual(before);
});

test('a report of a log whose last line is cut says so and uses the rest', async () => {
  await runToy();
  const metrics = join(out, 'metrics.jsonl');
  writeFileSync(metrics, readFileSync(metrics, 'utf8').slice(0, -5));
  const { code, stderr } = await say('report', out);
  expect(code).toBe(0);
  expect(stderr).toBe('metrics.jsonl: line 13 was cut short when the run stopped, and is left out.\n');
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('line 13 was cut short');
});

test('a directory that is no run is refused by report with RUN_MISSING', async () => {
  mkdirSync(out);
  const { code, stderr } = await say('report', out);
  expect(code).toBe(1);
  expect(stderr).toContain('[RUN_MISSING]');
});

test('a run that fails keeps its records, says why in the manifest and the report, and exits with 1', async () => {
  const { code, stderr } = await runToy('--set', 'failAt=2');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^langevin: the toy broke \[UNEXPECTED\]\n/);
  expect(stderr).not.toContain('    at ');
  expect(manifestOf(out)).toMatchObject({
    status: 'failed',
    error: { code: 'UNEXPECTED', message: 'the toy broke' },
  });
  expect(readFileSync(join(out, 'metrics.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(2);
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('This run failed: the toy broke');
});

test('where an error came from is shown with --debug only', async () => {
  expect((await runToy('--set', 'failAt=2', '--debug')).stderr).toContain('    at ');
});

test('an existing directory that is not empty is refused with OUT_EXISTS and left as it is', async () => {
  mkdirSync(out);
  writeFileSync(join(out, 'thesis.tex'), 'x');
  const { code, stderr } = await runToy();
  expect(code).toBe(1);
  expect(stderr).toContain('exists and is not empty (thesis.tex)');
  expect(stderr).toContain('[OUT_EXISTS]');
  expect(readdirSync(out)).toEqual(['thesis.tex']);
});

test('an existing empty directory is used', async () => {
  mkdirSync(out);
  expect((await runToy()).code).toBe(0);
});

test('a directory that cannot be made is refused at the start with OUT_UNWRITABLE', async () => {
  writeFileSync(out, 'a file');
  const { code, stderr } = await say(
    'run',
    'toy-count',
    '--backend',
    'reference',
    '--out',
    join(out, 'below'),
  );
  expect(code).toBe(1);
  expect(stderr).toContain('[OUT_UNWRITABLE]');
});

test('a directory that another process writes is refused with RUN_LOCKED and its process', async () => {
  mkdirSync(out);
  writeFileSync(join(out, 'lock.json'), JSON.stringify({ pid: process.ppid, host: hostname() }));
  const { code, stderr } = await runToy();
  expect(code).toBe(1);
  expect(stderr).toContain(`is being written by process ${process.ppid}`);
  expect(stderr).toContain('[RUN_LOCKED]');
});

test.each([
  ['of a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() })],
  ['cut short by a crash', '{"pid"'],
])('a lock %s is taken over', async (_which, lock) => {
  mkdirSync(out);
  writeFileSync(join(out, 'lock.json'), lock);
  expect((await runToy()).code).toBe(0);
  expect(existsSync(join(out, 'lock.json'))).toBe(false);
});

test('without a terminal there is no escape sequence and no carriage return in the output', async () => {
  const { stdout, stderr } = await runToy();
  // eslint-disable-next-line no-control-regex
  expect(stdout + stderr).not.toMatch(/[\u001b\r]/);
});

test('a manifest has the hashes of all data sets that the cells were trained on', async () => {
  expect((await say('run', 'toy-forms', '--backend', 'reference', '--out', out)).code).toBe(0);
  const { dataset } = manifestOf(out);
  const seen = readFileSync(join(out, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly shape: readonly number[]; readonly hash: string });
  expect(seen.map(({ shape }) => shape)).toEqual([
    [100, 3],
    [100, 1],
    [120, 1],
    [100, 1],
  ]);
  const ofTraining = Object.entries(dataset.hashes).filter(([part]) => part.startsWith('train'));
  expect(ofTraining.map(([, hash]) => hash)).toEqual(seen.slice(0, 3).map(({ hash }) => hash));
  expect([dataset.name, dataset.train]).toEqual(['procedural, procedural, procedural', 320]);
});

test('report says of a run without metrics.jsonl that it rests on no records', async () => {
  await runToy();
  rmSync(join(out, 'metrics.jsonl'));
  const { code, stderr } = await say('report', out);
  expect(code).toBe(0);
  expect(stderr).toContain(`${join(out, 'metrics.jsonl')} is not there, so the report rests on no records`);
});
