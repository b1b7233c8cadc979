/** What a grid of trainings does with descriptions that make no sense, and with trainings that diverge. */
import { beforeAll, describe, expect, it } from 'vitest';
import { load, type Dataset, type DatasetName } from '../../data/index.ts';
import { init, LangevinError, tree } from '../../engine/index.ts';
import type { CellDataset, GridExperiment } from '../../experiments/grid.ts';
import { gridOfTrainings } from '../../experiments/training/grid-of-trainings.ts';
import type { MeasurementPoint } from '../../experiments/training/measurement.ts';
import type { TrainingCell, TrainingSpec } from '../../experiments/training/settings.ts';
import type { ReportData } from '../../experiments/report.ts';
import type { Manifest, RunContext, RunRecord } from '../../experiments/types.ts';
import { tinySpec, trainSpec } from './training-spec.ts';

let images: Dataset;
beforeAll(async () => {
  await init({ backend: 'reference' });
  images = await load('procedural', { train: 40, test: 20, size: 8 });
});

type Specs = { readonly specs: readonly TrainingSpec[] };

/** A grid of these trainings. */
function gridOf(...specs: readonly TrainingSpec[]): GridExperiment<Specs> & { readonly config: Specs } {
  const config = { specs };
  const presets = { smoke: config, small: config, medium: config, paper: config };
  const grid = gridOfTrainings<Specs, { readonly replica: number }>({
    name: 'toy/trainings',
    title: 'Trainings',
    description: 'What do these do?',
    presets,
    cells: ({ specs: all }, seed, data) =>
      all.map((training) => ({ dataset: { name: data as DatasetName, size: 8 }, seed, training })),
    label: ({ training }) => `initialisation ${training.replica + 1}`,
    marks: ({ training }) => ({ replica: training.replica }),
    report: () => ({ title: 'Trainings', lead: 'These.', sections: [] }),
    summary: () => ({}),
  });
  return { ...grid, config };
}

/** Its trainings one after the other, given the little images where they are enough. */
async function recordsOf(
  grid: ReturnType<typeof gridOf>,
  changes: Partial<RunContext> = {},
): Promise<RunRecord[]> {
  const nothing = (): void => undefined;
  const context = { seed: 3, dataset: images, signal: { aborted: false }, progress: nothing, log: nothing };
  const records: RunRecord[] = [];
  for await (const record of grid.run(grid.config, { ...context, ...changes })) records.push(record);
  return records;
}

describe('the cells of a grid', () => {
  const datasetOf = (data: DatasetName, trainExamples: number, testExamples = 100): CellDataset => {
    const grid = gridOf(tinySpec({ images: { trainExamples, testExamples } }));
    return (grid.cells(grid.config, 0, data)[0] as TrainingCell).dataset;
  };

  it.each([
    ['mnist', 60_001, 100, /trainExamples is 60001, and of mnist there are 60000 images/],
    ['mnist', 100, 10_001, /testExamples is 10001, and of mnist there are 10000 images/],
    ['cifar-10', 60_000, 100, /trainExamples is 60000, and of cifar-10 there are 50000 images/],
    ['procedural', 99_999_999, 100, /trainExamples is 99999999, and of procedural there are 100000 images/],
  ] as const)('of %s on %d + %d images are refused', (data, train, test, message) => {
    expect(() => datasetOf(data, train, test)).toThrow(
      expect.objectContaining({ code: 'CONFIG', message: expect.stringMatching(message) as unknown }),
    );
  });

  it('have as many procedural images drawn as they need, and say so where that is more than the usual', () => {
    expect(datasetOf('procedural', 16_000)).toEqual({ name: 'procedural', size: 8, train: 16_000 });
    for (const usual of [0, 100, 10_000])
      expect(datasetOf('procedural', usual)).toEqual({ name: 'procedural', size: 8 });
    expect(datasetOf('mnist', 60_000)).toEqual({ name: 'mnist', size: 8 });
  });

  it('are trained on no fewer images than were asked for, but for the procedural test set', async () => {
    const spec = tinySpec({ images: { trainExamples: 10_010, testExamples: 5000, pool: true } });
    const asked: CellDataset[] = [];
    const datasetOf = (dataset: CellDataset): Promise<Dataset> => {
      asked.push(dataset);
      return Promise.resolve(images);
    };
    await expect(recordsOf(gridOf(spec), { datasetOf })).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringMatching(
        /trainExamples is 10010, and of procedural train there are 40/,
      ) as unknown,
    });
    expect(asked).toEqual([{ name: 'procedural', size: 8, train: 10_010 }]);
    const little = tinySpec({ images: { trainExamples: 40, testExamples: 5000, pool: true } });
    expect((await trainSpec(little, images)).at(-1)).toMatchObject({ trainExamples: 40, testExamples: 20 });
  });
});

describe('a description', () => {
  const momentum = (value: number): object => ({ optimizer: { name: 'sgd', momentum: value } });
  const rates = (spec: unknown): object => ({ learningRate: spec });
  it.each<[string, object, RegExp]>([
    [
      'a network that there is not',
      { network: { kind: 'foo' } },
      /network\.kind is 'foo': take one of mlp, conv/,
    ],
    ['a perceptron without units', { network: { kind: 'mlp' } }, /network\.hidden is absent/],
    [
      'convolutions without channels',
      { network: { kind: 'convolutions', norm: 4 } },
      /network\.stages is absent/,
    ],
    [
      'convolutions without groups',
      { network: { kind: 'convolutions', stages: [[2]] } },
      /network\.norm is absent/,
    ],
    ['a depth that no network has', { network: { kind: 'resnet', depth: 9 } }, /depth.*9|9.*depth/],
    [
      'an activation that there is not',
      { network: { kind: 'mlp', hidden: [2], activation: 'x' } },
      /activation is 'x'/,
    ],
    ['an optimizer that there is not', { optimizer: { name: 'sgdd' } }, /optimizer\.name is 'sgdd'/],
    ['momentum that keeps all', momentum(1), /momentum is 1; give a number in \[0, 1\)/],
    ['negative momentum', momentum(-0.5), /momentum is -0\.5/],
    ['negative decay', { optimizer: { name: 'adam', weightDecay: -1 } }, /rate is -1/],
    ['a radius below 0', { optimizer: { name: 'cblr', gamma: 0.1, maxRadius: -1 } }, /maxRadius is -1/],
    ['no probes', { optimizer: { name: 'cblr', gamma: 0.1, probes: 0 } }, /probes is 0/],
    ['a schedule that there is not', rates({ kind: 'linear' }), /no schedule of the kind 'linear'/],
    ['a negative rate', rates(-0.1), /the value -0\.1/],
    ['no rate', rates(NaN), /the value NaN/],
    [
      'negative milestones',
      rates({ kind: 'multiStep', initial: 1, factor: 0.1, milestones: [-2], unit: 'epochs' }),
      /changes at 0, -2: begin at 0 and ascend/,
    ],
    [
      'milestones that are none',
      rates({ kind: 'multiStep', initial: 1, factor: 0.1, milestones: [NaN], unit: 'epochs' }),
      /changes at 0, NaN/,
    ],
    [
      'a cycle below 0',
      rates({ kind: 'cyclic', from: -1, to: 1, period: 2, unit: 'steps' }),
      /cyclic has the value -1/,
    ],
  ])('with %s is refused before anything is trained', (_, changes, message) => {
    const grid = gridOf({ ...tinySpec(), ...changes });
    expect(() => grid.cells(grid.config, 0, 'procedural')).toThrow(
      expect.objectContaining({ code: 'CONFIG', message: expect.stringMatching(message) as unknown }),
    );
  });
});

describe('a training whose last step goes beyond all bounds', () => {
  const measurements = {
    async *size({ params }: MeasurementPoint): AsyncGenerator<RunRecord> {
      yield { kind: 'result', name: 'size', leaves: tree.leaves(params).length };
    },
    // eslint-disable-next-line require-yield
    async *curvature(): AsyncGenerator<RunRecord> {
      throw new LangevinError('NON_FINITE', 'A product with the Hessian is NaN.');
    },
    // eslint-disable-next-line require-yield
    async *broken(): AsyncGenerator<RunRecord> {
      throw new LangevinError('SHAPE', 'This is a fault.');
    },
  };
  const wild = (changes: Partial<TrainingSpec> = {}): TrainingSpec =>
    tinySpec({ learningRate: 1e300, length: { steps: 1 }, measure: {}, ...changes });
  const measuring = (name: string): Partial<TrainingSpec> => ({
    measure: { extra: [{ name, at: { end: true } }] },
  });

  it.each<[string, Partial<TrainingSpec>, RegExp]>([
    ['by its loss', {}, /^After 1 steps the training loss is (NaN|Infinity)/],
    [
      'by its parameters',
      { ...measuring('size'), loss: { l2: 1e300 } },
      /^After 1 steps the parameter '.*' is not finite/,
    ],
    [
      'by a measurement',
      { ...measuring('curvature'), learningRate: 0.01 },
      /^After 1 steps: A product with the Hessian is NaN/,
    ],
  ])('is diverged %s', async (_, changes, message) => {
    const spec = wild(changes);
    const records = await trainSpec(spec, images, { measurements });
    expect(records.map(({ name }) => name)).toEqual(
      message.source.includes('Hessian') ? ['evaluation', 'training'] : ['training'],
    );
    expect(records.at(-1)).toMatchObject({
      outcome: 'diverged',
      steps: 1,
      trainLoss: null,
      message: expect.stringMatching(message) as unknown,
    });
  });

  it('is diverged where its snapshot cannot be kept', async () => {
    const checkpoints = {
      restore: () => Promise.resolve(undefined),
      due: () => false,
      save: () => Promise.reject(new LangevinError('NON_FINITE', "'params/dense0/weight' has a NaN.")),
    };
    const [only, ...more] = await trainSpec(wild(), images, { checkpoints });
    expect(more).toEqual([]);
    expect(only).toMatchObject({
      outcome: 'diverged',
      steps: 1,
      message: "After 1 steps: 'params/dense0/weight' has a NaN.",
    });
  });

  it('fails with any other error of a measurement', async () => {
    const spec = wild({ ...measuring('broken'), learningRate: 0.01 });
    await expect(trainSpec(spec, images, { measurements })).rejects.toMatchObject({ code: 'SHAPE' });
  });
});

describe('the report of a grid', () => {
  const ended = (replica: number, outcome: string): RunRecord => ({
    kind: 'result',
    name: 'training',
    training: { arm: 'large batch', replica },
    outcome,
    steps: 7 * replica,
  });
  const reportOf = (...records: readonly RunRecord[]): ReportData =>
    gridOf().report(records, { preset: 'smoke' } as Manifest);

  it('says how many of the trainings diverged, which, and when', () => {
    const begun: RunRecord = { kind: 'metric', name: 'evaluation', training: { replica: 9 } };
    const { lead, sections } = reportOf(
      ended(0, 'finished'),
      ended(1, 'diverged'),
      ended(2, 'diverged'),
      begun,
    );
    expect(lead).toBe('These. 2 of 3 trainings diverged.');
    expect(sections.at(-1)).toMatchObject({
      kind: 'table',
      heading: '2 of 3 trainings diverged',
      terminal: true,
      rows: [
        { training: 'arm large batch, initialisation 2', steps: 7 },
        { training: 'arm large batch, initialisation 3', steps: 14 },
      ],
    });
  });

  it('says nothing of it where none did', () => {
    expect(reportOf(ended(0, 'finished'), ended(1, 'reached'))).toEqual({
      title: 'Trainings',
      lead: 'These.',
      sections: [],
    });
  });
});
