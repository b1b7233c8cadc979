import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { cli } from '../../cli/cli.ts';
import { load } from '../../data/node/index.ts';
import { init } from '../../engine/index.ts';
import type { Cell, GridExperiment } from '../../experiments/grid.ts';
import { lrOverBatchExperiments } from '../../experiments/lr-over-batch/index.ts';
import { figure5 } from '../../experiments/lr-over-batch/figure5/index.ts';
import { cellDirectory, cellId } from '../../experiments/node/cell-directory.ts';
import { runCell, type CellRun } from '../../experiments/node/run-cell.ts';
import { readRun } from '../../experiments/node/read-run.ts';
import { versions } from '../../experiments/node/versions.ts';
import { paperExperiments } from '../../experiments/noise-enhancement/paper/experiments.ts';
import { tinyCell } from '../experiments/paper-resume.ts';
import type { TrainingCell } from '../../experiments/training/settings.ts';
import { toyGrid } from './toy-grid.ts';

const root = mkdtempSync(join(tmpdir(), 'langevin-measure-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A handful of tiny images, whatever shape was asked for. */
const loadTiny: typeof load = (name, options) =>
  load(name, { ...options, train: 12, test: 4, size: 8, channels: 1 });

const cell = tinyCell('F1', {
  hidden: [3],
  pool: true,
  trainExamples: 12,
  batchSize: 4,
  maxSteps: 3,
  testEvery: 0,
});
const [table2] = paperExperiments;
/** The directory of a cell that was trained. */
async function train(grid: GridExperiment, trainedCell: Cell): Promise<string> {
  const run: CellRun = {
    grid,
    out: root,
    adapter: { backend: 'reference', name: 'float64 interpreter', source: 'CPU' },
    versions: versions(),
    load: ({ dataset }) => loadTiny(dataset.name),
    signal: { aborted: false },
    checkpointEvery: 1000,
    allowMismatch: false,
    progress: () => undefined,
    log: () => undefined,
  };
  await runCell(trainedCell, run);
  return cellDirectory(root, cellId(trainedCell));
}

let trained = '';
beforeAll(async () => {
  await init({ backend: 'reference' });
  trained = await train(table2!, cell);
});

let counter = 0;
let out = '';
/** A copy of the trained cell, to be spoilt. */
let copy = '';
beforeEach(() => {
  out = join(root, `measure-${counter}`);
  copy = join(root, `copy-${counter++}`);
  cpSync(trained, copy, { recursive: true });
});

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function say(...argv: string[]): Promise<Said> {
  let [stdout, stderr] = ['', ''];
  const code = await cli(argv, {
    experiments: [...paperExperiments, ...lrOverBatchExperiments, toyGrid],
    load: loadTiny,
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    environment: {},
  });
  return { code, stdout, stderr };
}

const LITTLE = ['--eigenvalues', '2', '--iterations', '8', '--probes', '2', '--exact', '0', '--points', '3'];
const measureAt = (place: string, ...more: string[]): Promise<Said> =>
  say('measure', place, '--backend', 'reference', '--out', out, ...LITTLE, ...more);

const checkpointOf = (directory: string): string =>
  join(
    directory,
    readdirSync(directory).find((name) => name.startsWith('checkpoint-'))!,
  );

test('measures a cell in all three ways into a directory from which the report is drawn again byte for byte', async () => {
  const { code, stdout, stderr } = await measureAt(trained);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n')[0]).toBe(out);
  for (const heading of [
    'What was measured',
    'Gradient noise',
    'Predicted covariance of the minibatch gradient',
    'Noise by layer',
    'Leading eigenvalues of C',
    'Eigenvalues at the ends of the spectrum',
    'Traces and norms',
    'Alignment of noise and curvature',
    'Sharpness',
  ])
    expect(stdout).toContain(`\n${heading}\n`);
  const { manifest, records } = await readRun(out);
  expect(manifest).toMatchObject({
    experiment: 'measure',
    preset: 'small',
    status: 'complete',
    config: { examples: 12, microbatch: 12, eigenvalues: 2, batchNorm: 'frozen', to: null, initial: false },
  });
  expect(records[0]).toMatchObject({ name: 'subject', step: 3, trainExamples: 12 });
  const files = readdirSync(out).filter((name) => /\.(html|svg)$/.test(name));
  for (const figure of ['gradient-norms', 'spectral-density', 'line-loss', 'plane-loss'])
    expect(files).toContain(`${figure}.svg`);
  const before = files.map((name) => readFileSync(join(out, name), 'utf8'));
  expect(before[files.indexOf('report.html')]).toMatch(
    /langevin measure .*--preset small --seed 0 --examples 12/,
  );
  files.forEach((name) => rmSync(join(out, name)));
  expect((await say('report', out)).code).toBe(0);
  expect(files.map((name) => readFileSync(join(out, name), 'utf8'))).toEqual(before);
});

test('a cell of any grid of trainings is measured, under each treatment of its normalisation', async () => {
  const [first] = figure5.cells(figure5.presets.smoke, 0, 'procedural') as readonly TrainingCell[];
  const directory = await train(figure5, {
    ...first!,
    training: {
      ...first!.training,
      network: { kind: 'mlp', hidden: [3], norm: 'batch' },
      images: { trainExamples: 12, testExamples: 4, pool: true },
      batchSize: 4,
      length: { steps: 3 },
    },
  });
  expect((await measureAt(directory)).code).toBe(0);
  const { records } = await readRun(out);
  expect(records[0]).toMatchObject({
    name: 'subject',
    step: 3,
    unit: 'example',
    policy: 'frozen statistics',
  });
  for (const name of ['noise', 'eigenvalues', 'trace', 'line', 'plane', 'sharpness'])
    expect(records.map((record) => record.name)).toContain(name);
  rmSync(out, { recursive: true });
  expect((await measureAt(directory, '--what', 'noise', '--batch-norm', 'ghost')).code).toBe(0);
  expect((await readRun(out)).records[0]).toMatchObject({
    units: 3,
    policy: 'ghost batches of 4 examples',
  });
});

test('one checkpoint of a cell, one part, and the result as a line of JSON', async () => {
  const { code, stdout, stderr } = await measureAt(checkpointOf(trained), '--what', 'noise', '--json');
  expect(code).toBe(0);
  expect(stderr).toContain('Gradient noise');
  expect(stderr).not.toContain('Sharpness');
  expect(JSON.parse(stdout)).toMatchObject({
    experiment: 'measure',
    status: 'complete',
    subject: { step: 3, units: 12, policy: 'no batch normalisation' },
    noise: { trace: [expect.any(Number), expect.any(Number)] },
    sharpness: [],
    report: join(out, 'report.html'),
  });
});

test('where a training began can be measured without a checkpoint, and the line drawn to one', async () => {
  rmSync(checkpointOf(copy));
  expect((await measureAt(copy, '--what', 'landscape', '--initial', '--to', trained)).code).toBe(0);
  const { records } = await readRun(out);
  expect(records[0]).toMatchObject({ name: 'subject', step: 0 });
  expect(records.find(({ name }) => name === 'line')).toMatchObject({ steps: [0, 3] });
});

test('the records are a function of checkpoint, settings and seed', async () => {
  const records = async (...more: string[]): Promise<unknown> => {
    rmSync(out, { recursive: true, force: true });
    await measureAt(trained, '--what', 'noise', '--examples', '6', ...more);
    return (await readRun(out)).records;
  };
  const first = await records('--seed', '1');
  expect(await records('--seed', '1')).toEqual(first);
  expect(await records('--seed', '2')).not.toEqual(first);
});

const spoil = (path: string, change: (text: string) => string): void =>
  writeFileSync(path, change(readFileSync(path, 'utf8')));

test.each<[string, () => string, RegExp]>([
  ['a place that is not there', () => join(root, 'nothing'), /nothing does not exist; .*\[NO_CELL\]/],
  ['a directory that is no cell', () => root, /is no cell of a sweep.*--cells.*\[NO_CELL\]/],
  [
    'a cell without a checkpoint',
    () => (rmSync(checkpointOf(copy)), copy),
    /--initial\. \[CHECKPOINT_MISSING\]/,
  ],
  [
    'a checkpoint that is cut',
    () => (writeFileSync(checkpointOf(copy), readFileSync(checkpointOf(copy)).subarray(0, 500)), copy),
    /checkpoint-000001.safetensors cannot be used: .* sweep again\. \[CHECKPOINT_CORRUPT\]/,
  ],
  [
    'a manifest that is cut',
    () => (spoil(join(copy, 'manifest.json'), (text) => text.slice(0, 50)), copy),
    /restore it.*\[RUN_CORRUPT\]/,
  ],
  [
    "another cell's checkpoint",
    () => (spoil(join(copy, 'manifest.json'), (text) => text.replace(/"id": "\w+"/, '"id": "0"')), copy),
    /it is of the cell .*\[CHECKPOINT_MISMATCH\]/,
  ],
  [
    'other data than it was trained on',
    () => (spoil(join(copy, 'manifest.json'), (text) => text.replace(/"train": "\w+/, '"train": "0')), copy),
    /not what the cell was trained on \(train differ\).*--data-dir\. \[DATA_MISMATCH\]/,
  ],
  [
    'an experiment whose trainings cannot be built',
    () => (
      spoil(join(copy, 'manifest.json'), (text) =>
        text.replace(/"experiment": "[^"]+/, '"experiment": "toy/grid'),
      ),
      copy
    ),
    /toy\/grid does not say how.*noise-enhancement\/table2.*\[NOT_MEASURABLE\]/,
  ],
])(
  '%s is refused in one sentence that says what to do, and leaves no directory',
  async (_, place, message) => {
    const { code, stderr } = await measureAt(place());
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^langevin: .*\n$/);
    expect(code).toBe(1);
    expect(readdirSync(root)).not.toContain(out.slice(root.length + 1));
  },
);

test.each([
  [['measure'], 'CHECKPOINT is missing'],
  [['measure', 'x', '--what', 'nose'], 'did you mean noise? [USAGE]'],
  [['measure', 'x', '--batch-norm', 'ghosts'], 'did you mean ghost? [USAGE]'],
  [['measure', 'x', '--probes', 'many'], '--probes many: expected a whole number'],
  [['measure', 'x', '--preset', 'tiny'], '[UNKNOWN_PRESET]'],
])('%j is wrong usage: exit code 2 and one sentence', async (argv, sentence) => {
  const { code, stderr } = await say(...argv);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^langevin: .*\n$/);
  expect(stderr).toContain(sentence);
});

test('asking for more examples than the training has is wrong, and says how many there are', async () => {
  const { code, stderr } = await measureAt(trained, '--examples', '13');
  expect(code).toBe(1);
  expect(stderr).toContain('has 12 examples: ask for no more. [EXAMPLE_COUNT]');
});

test('a run is no cell, and the report of a run of another kind is still its own', async () => {
  await measureAt(trained, '--what', 'noise');
  const { code, stderr } = await say('measure', out);
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(/\[NO_CELL\]/) as string });
});
