/** Sweeps in this process, over a grid of small trainings on the reference backend. */
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
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { cli } from '../../cli/cli.ts';
import { load } from '../../data/node/index.ts';
import type { CellManifest } from '../../experiments/node/cell-directory.ts';
import { toyGrid } from './toy-grid.ts';
import { toy } from './toy.ts';

const root = mkdtempSync(join(tmpdir(), 'langevin-sweep-'));
afterAll(() => rmSync(root, { recursive: true }));

const loaded: string[] = [];
const loadLittle: typeof load = (name, options) => {
  loaded.push(`${name} ${options?.size ?? ''}`);
  return load(name, { train: 100, test: 20, ...options });
};

let counter = 0;
let out = '';
beforeEach(() => {
  out = join(root, `sweeps-${counter++}`);
});

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function say(...argv: string[]): Promise<Said> {
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

/** Few and short cells: what is tested is the sweep. */
const LITTLE = ['examples=16', 'hidden=2', 'steps=4'].flatMap((setting) => ['--set', setting]);
const at = (place: string, ...more: string[]): Promise<Said> =>
  say('sweep', 'toy/grid', '--backend', 'reference', '--out', place, ...LITTLE, ...more);
const sweep = (...more: string[]): Promise<Said> => at(out, ...more);

const report = (stdout: string): string => /^report: (.*)$/m.exec(stdout)?.[1] ?? '';
const manifests = (): CellManifest[] =>
  readdirSync(join(out, 'cells')).map(
    (id) => JSON.parse(readFileSync(join(out, 'cells', id, 'manifest.json'), 'utf8')) as CellManifest,
  );

/** A finished sweep, for tests that change nothing in it. */
let finished: Said;
const finishedOut = join(root, 'finished');
beforeAll(async () => {
  finished = await at(finishedOut);
});

test('a sweep trains every cell in a directory of its own, named by its hash, and reports on all of them', () => {
  expect(finished).toMatchObject({ code: 0, stderr: '' });
  expect(finished.stdout).toContain('3 cells, 0 finished before');
  expect(finished.stdout).toMatch(/0\.03 {2}[0-9a-f]{8}\n/);
  const cells = readdirSync(join(finishedOut, 'cells'));
  expect(cells).toHaveLength(3);
  for (const cell of cells) {
    expect(cell).toMatch(/^[0-9a-f]{16}$/);
    expect(
      readdirSync(join(finishedOut, 'cells', cell)).filter((name) => !name.startsWith('checkpoint')),
    ).toEqual(['latest.json', 'manifest.json', 'metrics.jsonl']);
  }
  const directory = finished.stdout.split('\n')[0] ?? '';
  expect(directory).toMatch(/finished\/toy-grid-smoke-0-[0-9a-f]{8}$/);
  expect(readdirSync(directory)).toEqual(['loss.svg', 'report.html', 'sweep.json']);
  expect(readFileSync(report(finished.stdout), 'utf8')).toContain(
    'langevin sweep toy/grid --preset smoke --data procedural',
  );
});

test('data is loaded once, and nothing is trained or loaded again that is finished', async () => {
  loaded.length = 0;
  const { code, stdout } = await sweep();
  expect(code).toBe(0);
  expect(loaded).toEqual(['procedural ']);
  const again = await sweep();
  expect(loaded).toHaveLength(1);
  expect(again.stdout).toContain('3 cells, 3 finished before');
  expect(again.stdout.split('Digests')[1]).toBe(stdout.split('Digests')[1]);
  expect(manifests().map(({ attempt }) => attempt)).toEqual([0, 0, 0]);
});

test('another sweep takes over the cells that they have in common', async () => {
  await sweep('--set', 'rates=0.01,0.02');
  const { stdout } = await sweep('--set', 'rates=0.02,0.03');
  expect(stdout).toContain('2 cells, 1 finished before');
  expect(readdirSync(join(out, 'cells'))).toHaveLength(3);
  expect(readdirSync(out).filter((name) => name.startsWith('toy-grid'))).toHaveLength(2);
});

test('a cell that fails does not stop the sweep; it is named at the end, and tried again only when asked for', async () => {
  const { code, stdout } = await sweep('--set', 'failRate=0.02');
  expect(code).toBe(1);
  expect(stdout.slice(stdout.indexOf('1 of 3 cells'))).toContain(
    'rate 0.02 failed: the toy broke [UNEXPECTED]',
  );
  expect(
    manifests()
      .map(({ status }) => status)
      .sort(),
  ).toEqual(['complete', 'complete', 'failed']);
  expect(readFileSync(report(stdout), 'utf8')).toContain('rate 0.02 failed: the toy broke');

  const attempts = (): number => Math.max(...manifests().map(({ attempt }) => attempt));
  expect((await sweep('--set', 'failRate=0.02')).code).toBe(1);
  expect(attempts()).toBe(0);
  expect((await sweep('--set', 'failRate=0.02', '--retry-failed')).code).toBe(1);
  expect(attempts()).toBe(1);
});

test('a sweep does not go on with cells of another backend, unless that is allowed', async () => {
  await sweep();
  const [id = ''] = readdirSync(join(out, 'cells'));
  const path = join(out, 'cells', id, 'manifest.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"backend": "reference"', '"backend": "webgpu"'));
  const { code, stderr } = await sweep();
  expect(code).toBe(1);
  expect(stderr).toMatch(/from the backend webgpu .* \[RESUME_MISMATCH\]/);
  expect((await sweep('--allow-mismatch')).code).toBe(0);
});

test('--cells lists the cells, how far they are and their share of the cost, and does nothing', async () => {
  const { code, stdout } = await sweep('--cells');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^[0-9a-f]{16} {2}new +33\.3 % {2}rate 0\.01\n/);
  expect(existsSync(out)).toBe(false);
  expect((await at(finishedOut, '--cells')).stdout).toMatch(/^[0-9a-f]{16} {2}complete/);
});

test('with --json the last line of stdout is one object, and everything for people goes to stderr', async () => {
  const { code, stdout, stderr } = await at(finishedOut, '--json');
  expect(code).toBe(0);
  expect(stderr).toContain('report: ');
  expect(JSON.parse(stdout)).toEqual({
    experiment: 'toy/grid',
    preset: 'smoke',
    seed: 0,
    adapter: 'CPU: float64 interpreter',
    status: 'complete',
    cells: { total: 3, finished: 3, failed: 0 },
    digests: expect.any(Array) as unknown,
    report: report(stderr),
  });
});

test('the report of a sweep drawn again from the records of its cells has the same bytes', async () => {
  const path = report(finished.stdout);
  const directory = join(path, '..');
  const before = ['report.html', 'loss.svg'].map((file) => readFileSync(join(directory, file), 'utf8'));
  for (const file of ['report.html', 'loss.svg']) rmSync(join(directory, file));
  const { code, stdout, stderr } = await say('report', directory);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('Digests');
  expect(['report.html', 'loss.svg'].map((file) => readFileSync(join(directory, file), 'utf8'))).toEqual(
    before,
  );
});

test('the report of a sweep that has only begun shows what there is and says so', async () => {
  const { stdout } = await sweep('--set', 'rates=0.01,0.02');
  const directory = stdout.split('\n')[0] ?? '';
  const [first = ''] = readdirSync(join(out, 'cells'));
  rmSync(join(out, 'cells', first), { recursive: true });
  const again = await say('report', directory);
  expect(again.code).toBe(0);
  expect(again.stderr).toContain('1 of 2 cells are not finished.');
});

test('a cell that another living process has is left to it, and the exit code says that the sweep is not done', async () => {
  const { stdout } = await sweep('--cells');
  const id = /^[0-9a-f]{16}/.exec(stdout)?.[0] ?? '';
  const directory = join(out, 'cells', id);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'lock.json'), JSON.stringify({ pid: process.ppid, host: hostname() }));
  const swept = await sweep();
  expect(swept.code).toBe(75);
  expect(swept.stdout).toContain('rate 0.01: left to the process that has it');
  expect(readdirSync(directory)).toEqual(['lock.json']);
});

test('a lock whose process number now belongs to another process is taken over', async () => {
  const { stdout } = await sweep('--cells');
  const directory = join(out, 'cells', /^[0-9a-f]{16}/.exec(stdout)?.[0] ?? '');
  mkdirSync(directory, { recursive: true });
  const owner = { pid: process.ppid, host: hostname(), started: 'another-boot 17' };
  writeFileSync(join(directory, 'lock.json'), JSON.stringify(owner));
  // Only Linux tells when a process began; elsewhere the lock counts as held.
  expect((await sweep()).code).toBe(process.platform === 'linux' ? 0 : 75);
});

test('a directory that may not be written is refused at the start', async () => {
  const { code, stderr } = await at('/proc/langevin');
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^langevin: \/proc\/langevin: .*\[OUT_UNWRITABLE\]\n$/) as string,
  });
});

test.each([
  [['sweep'], 'EXPERIMENT is missing'],
  [
    ['sweep', 'toy-count'],
    'toy-count is one run and no grid of trainings; start it with: langevin run toy-count',
  ],
  [['sweep', 'toy/gird'], 'did you mean toy/grid? [UNKNOWN_EXPERIMENT]'],
  [['sweep', 'toy/grid', '--jobs', '0'], '--jobs 0: expected at least 1'],
  [['sweep', 'toy/grid', '--job', '2'], 'did you mean --jobs? [UNKNOWN_OPTION]'],
  [['sweep', 'toy/grid', '--data', 'publish'], 'did you mean published? [DATA_UNKNOWN]'],
  [['sweep', 'toy/grid', '--checkpoint-every', 'x'], '--checkpoint-every x: expected a whole number'],
])('%j is wrong usage: exit code 2 and one sentence', async (argv, sentence) => {
  const { code, stdout, stderr } = await say(...argv);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^langevin: .*\n$/);
  expect(stderr).toContain(sentence);
});

test('an experiment with a slash in its name runs into a directory without one', async () => {
  const { code, stdout } = await say('run', 'toy/grid', '--backend', 'reference', ...LITTLE, '--out', out);
  expect(code).toBe(0);
  expect(stdout).toContain('Digests');
  expect((await say('list')).stdout).toContain('toy/grid');
});

test('a sweep whose data is missing says how to get it, and marks no cell as failed', async () => {
  const { code, stdout } = await sweep('--data', 'mnist', '--data-dir', join(root, 'nothing'));
  expect(code).toBe(1);
  expect(stdout).toContain('langevin data get mnist');
  expect(readdirSync(join(out, 'cells')).flatMap((id) => readdirSync(join(out, 'cells', id)))).toEqual([]);
});
