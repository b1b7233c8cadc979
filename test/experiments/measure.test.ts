import { beforeAll, expect, test } from 'vitest';
import type { Dataset } from '../../data/index.ts';
import { grad, init, LangevinError, tensor, tree, type Tensor } from '../../engine/index.ts';
import { levelLines, levelsOf } from '../../experiments/measure/contours.ts';
import { histogram, outline } from '../../experiments/measure/histogram.ts';
import {
  effortFor,
  measurement,
  paperSubject,
  type Asked,
  type MeasurementConfig,
  type Place,
  type Subject,
} from '../../experiments/measure/index.ts';
import { short, withError } from '../../experiments/measure/numbers.ts';
import type { PaperCell } from '../../experiments/noise-enhancement/paper/cells.ts';
import { evaluatorsOf } from '../../experiments/training/evaluation.ts';
import { problemOf } from '../../experiments/noise-enhancement/training/problem.ts';
import type { Manifest, RunRecord } from '../../experiments/types.ts';
import { symmetricEigen } from '../../stats/index.ts';
import { memoryCheckpoints, tinyCell, tinyImages, trainCell, type Kept } from './paper-resume.ts';

/** Perceptron of 16 -> 3 -> 10, and two convolutions with ghost batches of 3: both trained for four steps. */
const cells = {
  F1: tinyCell('F1', {
    hidden: [3],
    pool: true,
    maxSteps: 4,
    trainExamples: 20,
    optimizer: 'sgd',
    momentum: 0.5,
  }),
  C1: tinyCell('C1', { stages: [[2]], maxSteps: 4, trainExamples: 12 }),
};

let images: Readonly<Record<'F1' | 'C1', Dataset>>;
const trained = {} as Record<'F1' | 'C1', Kept>;
beforeAll(async () => {
  await init({ backend: 'reference' });
  images = await tinyImages();
  for (const network of ['F1', 'C1'] as const) {
    const kept: Kept[] = [];
    await trainCell(cells[network], images[network], {
      checkpoints: memoryCheckpoints(kept, undefined, () => false),
    });
    trained[network] = kept.at(-1) as Kept;
  }
});

test('a training keeps its last snapshot whatever its age', () => {
  expect(trained.F1.state).toMatchObject({ done: 4 });
});

async function placeAt(
  network: 'F1' | 'C1',
  change: (subject: Subject) => Subject = (s) => s,
): Promise<Place> {
  const subject = change(paperSubject(cells[network], images[network]));
  const snapshot = await memoryCheckpoints([], trained[network]).restore(subject.template);
  const common = { subject, label: network, cell: '0' };
  return { ...common, ...subject.at(snapshot!), other: { params: subject.initial(), step: 0 } };
}

const effort = { microbatch: 5, eigenvalues: 3, iterations: 20, probes: 4, exact: 300, points: 5 };

function configFor(place: Place, changes: Partial<MeasurementConfig>): MeasurementConfig {
  const common = { checkpoint: 'c', initial: false, to: null, batchNorm: 'frozen' } as const;
  return { ...common, what: ['noise'], ...effort, examples: place.subject.examples, ...changes };
}

async function recordsOf(
  place: Place,
  changes: Partial<MeasurementConfig>,
  signal: { readonly aborted: boolean } = { aborted: false },
): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  const experiment = measurement({ place, breathe: () => Promise.resolve() });
  const context = {
    seed: 1,
    dataset: images.F1,
    signal,
    progress: () => undefined,
    log: () => undefined,
  };
  for await (const record of experiment.run(configFor(place, changes), context)) records.push(record);
  return records;
}

const named = (records: readonly RunRecord[], name: string, fields: object = {}): RunRecord => {
  const found = records.find(
    (record) => record.name === name && Object.entries(fields).every(([key, value]) => record[key] === value),
  );
  expect(found, name).toBeDefined();
  return found!;
};
const list = (value: unknown): number[] => [...(value as readonly number[])];
const closeTo = (found: unknown, expected: readonly number[], digits = 9): void =>
  list(found).forEach((x, k) => expect(x).toBeCloseTo(expected[k]!, digits));

/** The gradients of single examples by a loop, [N][n]. */
async function gradients(cell: PaperCell, dataset: Dataset, place: Place): Promise<number[][]> {
  const { losses, train } = problemOf(cell, dataset, cell.seed);
  const rows: number[][] = [];
  for (let mu = 0; mu < train.count; mu++) {
    const index = tensor(Int32Array.of(mu));
    const gradient = grad((params: typeof place.params) =>
      losses(train, params as never, train.tensors, index).sum(),
    )(place.params);
    const parts = await Promise.all(tree.leaves(gradient).map((leaf: Tensor) => leaf.data()));
    rows.push(parts.flatMap((part) => Array.from(part)));
  }
  return rows;
}

test('the noise is that of gradients taken one by one: norms, traces, eigenvalues, cosines, factors', async () => {
  const place = await placeAt('F1');
  const records = await recordsOf(place, {});
  const rows = await gradients(cells.F1, images.F1, place);
  const n = rows.length;
  const mean = rows[0]!.map((_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / n);
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const centred = rows.map((row) => row.map((x, i) => x - mean[i]!));
  const trace = centred.reduce((sum, row) => sum + dot(row, row), 0) / n;

  const units = named(records, 'units');
  closeTo(
    units['norms'],
    rows.map((row) => Math.sqrt(dot(row, row))),
  );
  closeTo(
    units['cosinesWithMean'],
    rows.map((row) => dot(row, mean) / Math.sqrt(dot(row, row) * dot(mean, mean))),
  );
  expect(named(records, 'noise')).toMatchObject({
    traceOverN: expect.closeTo(trace, 9) as number,
    squaredNormOfMean: expect.closeTo(dot(mean, mean), 9) as number,
    // All of the training set: nothing is estimated.
    trace: [expect.closeTo(trace, 9), 0],
  });
  const { perTensor, perLayer } = named(records, 'traces');
  for (const parts of [perTensor, perLayer])
    expect((parts as { traceOverN: number }[]).reduce((sum, part) => sum + part.traceOverN, 0)).toBeCloseTo(
      trace,
      9,
    );
  expect((perLayer as { path: string }[]).map(({ path }) => path)).toEqual(['dense0', 'dense1']);

  const gram = Float64Array.from(centred.flatMap((a) => centred.map((b) => dot(a, b) / n)));
  const values = [...symmetricEigen(gram, { vectors: false }).values].reverse();
  const own = named(records, 'eigenvalues', { operator: 'C' });
  closeTo(own['values'], values.slice(0, 3));
  expect(Math.max(...list(own['residuals']))).toBeLessThan(1e-6);

  const factor = (20 - 10) / (10 * 19);
  const found = records.filter(({ name }) => name === 'minibatch').map((record) => Number(record['factor']));
  closeTo(found, [factor, 1 / 10, 5 * factor, 5 / 10], 12);
  expect(named(records, 'sgd-noise')['g']).toBeCloseTo((0.01 * (20 / 10 - 1)) / 0.5, 12);
  expect(named(records, 'cosines')).toMatchObject({ count: n });
});

test('the curvature: both ends, traces, density and alignment agree with the spectrum of the whole matrix', async () => {
  const place = await placeAt('F1');
  const records = await recordsOf(place, {
    what: ['curvature'],
    examples: 10,
    microbatch: 10,
    probes: 3,
    iterations: 14,
  });
  const spectrum = list(named(records, 'spectrum', { operator: 'H' })['values']);
  const dimension = tree.leaves(place.params).reduce((sum, leaf) => sum + leaf.size, 0);
  expect(spectrum).toHaveLength(dimension);
  const ends = (operator: string, end: string): RunRecord => named(records, 'eigenvalues', { operator, end });
  const within = (record: RunRecord, truth: readonly number[]): void =>
    list(record['values']).forEach((value, k) => {
      const residual = list(record['residuals'])[k]!;
      expect(Math.min(...truth.map((x) => Math.abs(x - value)))).toBeLessThanOrEqual(residual + 1e-9);
    });
  within(ends('H', 'largest'), spectrum);
  within(ends('H', 'smallest'), spectrum);
  expect(list(ends('H', 'largest')['values'])[0]).toBeCloseTo(spectrum.at(-1)!, 4);
  within(ends('G', 'largest'), list(named(records, 'spectrum', { operator: 'G' })['values']));

  const [trace, error] = list(named(records, 'trace', { operator: 'H' })['trace']) as [number, number];
  expect(Math.abs(trace - spectrum.reduce((sum, x) => sum + x, 0))).toBeLessThan(5 * error + 1e-9);
  const quadratures = named(records, 'density')['quadratures'] as { nodes: number[]; weights: number[] }[];
  for (const { nodes, weights } of quadratures) {
    expect(weights.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 9);
    expect(nodes[0]).toBeGreaterThanOrEqual(spectrum[0]! - 1e-9);
  }
  for (const name of ['H', 'G']) {
    const record = records.find(
      ({ operators }) => (operators as readonly string[] | undefined)?.[1] === name,
    );
    expect(Math.abs(list(record?.['cosine'])[0]!)).toBeLessThanOrEqual(1.5);
  }
});

test('the landscape: a line from the first step to the last, and a plane around it, evaluated as in training', async () => {
  const place = await placeAt('C1');
  const records = await recordsOf(place, { what: ['landscape'], microbatch: 12 });
  const evaluators = evaluatorsOf(problemOf(cells.C1, images.C1, cells.C1.seed), cells.C1);
  const scoreAt = async (params: Place['params']): Promise<object> => {
    const { loss, accuracy } = await evaluators.train.evaluate(
      params as never,
      evaluators.statistics.at(params as never),
    );
    return { loss: expect.closeTo(loss, 9) as number, accuracy: expect.closeTo(accuracy, 9) as number };
  };
  const line = named(records, 'line');
  expect(line).toMatchObject({ policy: 'statistics recomputed at every point', steps: [0, 4], nonFinite: 0 });
  const points = line['points'] as { a: number }[];
  expect(points.map(({ a }) => a)).toEqual([-0.5, 0, 0.5, 1, 1.5]);
  expect(points[1]).toMatchObject(await scoreAt(place.other!.params));
  expect(points[3]).toMatchObject(await scoreAt(place.params));
  const plane = named(records, 'plane')['points'] as { a: number; b: number; loss: number }[];
  expect(plane).toHaveLength(25);
  expect(plane[12]).toMatchObject({ a: 0, b: 0, ...(await scoreAt(place.params)) });
  const [wide, narrow] = records
    .filter(({ name }) => name === 'sharpness')
    .map((r) => Number(r['sharpness']));
  expect(wide).toBeGreaterThan(narrow!);
  expect(narrow).toBeGreaterThan(0);
});

test('under ghost batches the units are ghost batches, and their mean gradient is that of a training pass', async () => {
  const place = await placeAt('C1');
  const records = await recordsOf(place, { batchNorm: 'ghost', eigenvalues: 2, microbatch: 6 });
  expect(named(records, 'subject')).toMatchObject({
    unit: 'ghost batch',
    units: 4,
    policy: 'ghost batches of 3 examples',
  });
  const { weightedLoss, train } = problemOf(cells.C1, images.C1, cells.C1.seed);
  const indices = tensor(Int32Array.from({ length: 12 }, (_, k) => k));
  const loss = (params: Place['params']): Tensor =>
    weightedLoss(train.tensors)(params as never, indices, tensor(new Float32Array(12).fill(1 / 12)));
  const gradient = await Promise.all(
    tree.leaves(grad(loss)(place.params)).map((leaf: Tensor) => leaf.data()),
  );
  const squared = gradient.flatMap((part) => Array.from(part)).reduce((sum, x) => sum + x * x, 0);
  const noise = named(records, 'noise');
  expect(noise['meanLoss']).toBeCloseTo(await loss(place.params).item(), 6);
  expect(noise['squaredNormOfMean']).toBeCloseTo(squared, 6);
  expect(named(records, 'minibatch')).toMatchObject({ batchSize: 2, count: 4 });
});

test('under whole-batch statistics the examples share one normalisation', async () => {
  const place = await placeAt('C1');
  const records = await recordsOf(place, { batchNorm: 'whole-batch', eigenvalues: 2, examples: 6 });
  expect(named(records, 'subject')).toMatchObject({ units: 6, policy: 'statistics of the whole batch' });
  expect(list(named(records, 'units')['norms'])).toHaveLength(6);
});

test('where memory is short the microbatch is halved, which is recorded, and the numbers stay', async () => {
  const scarce = (subject: Subject): Subject => ({
    ...subject,
    batch(indices, statistics) {
      if (indices.size > 3) throw new LangevinError('OUT_OF_MEMORY', 'no memory');
      return subject.batch(indices, statistics);
    },
  });
  const [plenty, short_] = [await placeAt('F1'), await placeAt('F1', scarce)];
  const around = await recordsOf(short_, { what: ['landscape'], examples: 8, microbatch: 8, points: 1 });
  expect(named(around, 'microbatch-halved')).toMatchObject({ during: 'line', before: 8, after: 2 });
  const changes = { what: ['noise'], examples: 8, microbatch: 8 } as const;
  const [before, after] = [await recordsOf(plenty, changes), await recordsOf(short_, changes)];
  expect(named(after, 'microbatch-halved')).toMatchObject({ before: 8, after: 2 });
  expect(named(after, 'noise')['traceOverN']).toBeCloseTo(Number(named(before, 'noise')['traceOverN']), 9);
  const report = measurement().report(after, {} as Manifest);
  expect(JSON.stringify(report.sections.at(-1))).toContain('8 examples per pass became 2');
});

test('parameters that are no numbers enter no statistic: NON_FINITE', async () => {
  const place = await placeAt('F1');
  const params = tree.map((leaf: Tensor) => leaf.mul(NaN), place.params);
  for (const what of ['noise', 'curvature'] as const)
    await expect(recordsOf({ ...place, params }, { what: [what] })).rejects.toMatchObject({
      code: 'NON_FINITE',
    });
});

test('a measurement that is stopped ends at the next pass with what it has, and the report shows that', async () => {
  const place = await placeAt('F1');
  let looks = 0;
  const signal = {
    get aborted() {
      return ++looks > 30;
    },
  };
  const records = await recordsOf(place, { what: ['noise', 'curvature'] }, signal);
  expect(records.map(({ name }) => name)).toContain('noise');
  expect(records.map(({ name }) => name)).not.toContain('density');
  const report = measurement().report(records, {} as Manifest);
  expect(report.sections.map((section) => section.heading)).toContain('Gradient noise');
});

test('a report of no records is whole', () => {
  expect(measurement().report([], {} as Manifest)).toMatchObject({
    lead: 'Nothing is measured yet.',
    sections: [],
  });
});

const plain = { examples: 100, ghost: 0, training: { alpha: 1, batchSize: 10 } } as Subject;
const grouped = { ...plain, ghost: 25 } as Subject;
test.each<[string, Asked, 'frozen' | 'ghost', Subject, string, RegExp]>([
  ['more examples than there are', { examples: 101 }, 'frozen', plain, 'EXAMPLE_COUNT', /has 100 examples/],
  ['half a ghost batch', { examples: 80 }, 'ghost', grouped, 'GHOST_BATCH', /take 75/],
  ['ghosts without normalisation', {}, 'ghost', plain, 'CONFIG', /no batch normalisation/],
  [
    'more eigenvalues than the rank',
    { eigenvalues: 50, examples: 20 },
    'frozen',
    plain,
    'DIMENSION',
    /there are 19/,
  ],
  ['too few steps', { eigenvalues: 5, iterations: 9 }, 'frozen', plain, 'CONFIG', /at least 10 steps/],
  ['no probes', { probes: 0 }, 'frozen', plain, 'CONFIG', /--probes 0/],
])('asking for %s is refused with what there is', (_, asked, kind, subject, code, message) => {
  const ask = (): unknown => effortFor('smoke', asked, { kind, what: ['noise'] }, subject, 40);
  expect(ask).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error,
  );
});

test('what a preset says is cut to what there is', () => {
  const small = { ...plain, examples: 10 };
  expect(effortFor('small', {}, { kind: 'frozen', what: ['noise'] }, small, 4)).toMatchObject({
    examples: 10,
    microbatch: 10,
    eigenvalues: 4,
    iterations: 4,
  });
});

test('a histogram counts every value once, the greatest in the last bin, and its outline ends on the axis', () => {
  const { edges, counts } = histogram([1, 2, 2, 9, NaN], { bins: 4 });
  expect(edges).toEqual([1, 3, 5, 7, 9]);
  expect(counts).toEqual([3, 0, 0, 1]);
  expect(outline({ edges: [0, 1], counts: [2] })).toEqual([
    { x: 0, y: 0 },
    { x: 0, y: 2 },
    { x: 1, y: 2 },
    { x: 1, y: 0 },
  ]);
  const log = histogram([0, 1, 10, 100], { bins: 2, scale: 'log' });
  expect(log.counts).toEqual([1, 2]);
  closeTo(log.edges, [1, 10, 100]);
  expect(histogram([]).counts).toEqual([]);
  expect(histogram([3, 3]).counts.reduce((sum, x) => sum + x, 0)).toBe(2);
});

test('level lines of a plane are straight, of a saddle join the right corners, and skip what is not finite', () => {
  const grid = { columns: [0, 1], rows: [0, 1] };
  const slope = levelLines({ ...grid, values: [0, 1, 0, 1] }, 0.25);
  expect(slope.slice(0, 2).map(({ x }) => x)).toEqual([0.25, 0.25]);
  expect(slope[2]!.y).toBeNaN();
  // High at lower left and upper right. A high middle joins them: the low corners are cut off.
  const saddle = levelLines({ ...grid, values: [1, 0, 0, 1] }, 0.4).filter(({ y }) => !Number.isNaN(y));
  expect(saddle).toHaveLength(4);
  for (let k = 0; k < 4; k += 2) {
    const [a, b] = [saddle[k]!, saddle[k + 1]!];
    const nearLowerRight = a.x + b.x > a.y + b.y;
    expect(nearLowerRight ? [a.x + b.x > 1, a.y + b.y < 1] : [a.x + b.x < 1, a.y + b.y > 1]).toEqual([
      true,
      true,
    ]);
  }
  const low = levelLines({ ...grid, values: [1, 0, 0, 1] }, 0.6).filter(({ y }) => !Number.isNaN(y));
  for (let k = 0; k < 4; k += 2) {
    const [a, b] = [low[k]!, low[k + 1]!];
    // Each segment cuts off a high corner: both ends below or both above the middle.
    expect((a.x + a.y - 1) * (b.x + b.y - 1)).toBeGreaterThan(0);
  }
  expect(levelLines({ ...grid, values: [0, NaN, 0, 1] }, 0.5)).toEqual([]);
  expect(levelsOf([0, 1, 2, 3, Infinity], 2)).toHaveLength(2);
  expect(levelsOf([1, 1], 3)).toEqual([]);
});

test.each([
  [1234.5678, '1235'],
  [-1.5e-7, '−1.500×10⁻⁷'],
  [123456789, '1.235×10⁸'],
  [0, '0'],
  [NaN, 'NaN'],
  [-Infinity, '−∞'],
])('%d is written %s', (value, expected) => {
  expect(short(value)).toBe(expected);
});

test('an estimate is written with its error', () => {
  expect(withError([1.5, 0.25])).toBe('1.500 ± 0.25');
  expect(withError([1.5, 0])).toBe('1.500');
});
