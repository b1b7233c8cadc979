/** Gradient noise of trained networks: exactness of the sampled rows, grids, and decisions over made records. Whole runs are in the slow suite. */
import { beforeAll, describe, expect, it } from 'vitest';
import { load, type Dataset } from '../../data/index.ts';
import { full, grad, init, tensor, tree } from '../../engine/index.ts';
import type { GridExperiment } from '../../experiments/grid.ts';
import { heavyTailGradientNoise } from '../../experiments/heavy-tail/gradient-noise/index.ts';
import { noiseSource } from '../../experiments/heavy-tail/gradient-noise/rows.ts';
import { minibatches } from '../../experiments/heavy-tail/transformer/gradients.ts';
import type { ReportData } from '../../experiments/report.ts';
import type { MeasurementPoint } from '../../experiments/training/measurement.ts';
import { objectiveOf } from '../../experiments/training/objective.ts';
import { problemOf, replicaSeed } from '../../experiments/training/problem.ts';
import type { NetworkSpec, TrainingCell, TrainingRecord } from '../../experiments/training/settings.ts';
import { presetNames, type RunRecord } from '../../experiments/types.ts';
import { drawCoordinates, gradientColumns, isDead } from '../../stats/heavy-tails/sampled-noise.ts';
import { code } from '../nn/helpers.ts';
import { tinySpec } from './training-spec.ts';
import { endOf, reportOver, tablesOf, verdictsOf } from './reports.ts';

let images: Dataset;
beforeAll(async () => {
  await init({ backend: 'reference' });
  images = await load('procedural', { train: 24, test: 4, size: 8, channels: 3 });
});

/** A training that has not begun. */
function pointOf(network: NetworkSpec): MeasurementPoint {
  const spec = tinySpec({ network, images: { trainExamples: 24, testExamples: 4, pool: true } });
  const problem = problemOf(spec, images, 5);
  return {
    spec,
    seed: 5,
    problem,
    params: problem.initialize(0),
    statistics: {},
    objective: objectiveOf(problem),
    step: 0,
    epoch: 0,
    time: 0,
    learningRate: 0.1,
    batchSize: 6,
    nextBatch: Int32Array.of(0),
    signal: { aborted: false },
    progress: () => {},
    log: () => {},
  };
}

/** u of a minibatch by differentiating its loss, at one parameter. */
async function directNoise(
  { objective, params, problem }: MeasurementPoint,
  { path, index }: { readonly path: string; readonly index: number },
  batch: Int32Array,
): Promise<number> {
  const weights = full([batch.length], 1 / batch.length);
  const gradient = grad((p: typeof params) => objective(problem.train.tensors)(p, tensor(batch), weights))(
    params,
  );
  const { leaf } = tree.paths(gradient).find((each) => each.path === path)!;
  return -(await leaf.data())[index]!;
}

describe('the noise of sampled parameters', () => {
  const sampling = { parameters: 4, batches: 0 };

  it.each<[string, NetworkSpec, string, number]>([
    ['from gradients of single examples', { kind: 'mlp', hidden: [5] }, 'examples', 5],
    [
      'of minibatches under batch normalisation',
      { kind: 'mlp', hidden: [5], norm: 'batch' },
      'minibatches',
      12,
    ],
    // Two minibatches in a pass, and one.
    [
      'of minibatches of convolutions',
      { kind: 'convolutions', stages: [[2]], norm: 'batch' },
      'minibatches',
      5,
    ],
  ])('%s is that of every minibatch, and adds up to 0 over an epoch', async (_, network, unit, piece) => {
    const point = pointOf(network);
    const source = noiseSource(point, { ...sampling, piece });
    expect(source.unit).toBe(unit);
    const found = await source.at(6);
    const { parameters, samples } = found!;
    expect(samples).toBe(4);
    expect(parameters).toHaveLength(4);
    const epoch = minibatches(24, 6, 0, replicaSeed(5, 0));
    for (const { noise, ...coordinate } of parameters) {
      const size = Math.max(...noise.map(Math.abs));
      expect(Math.abs(noise.reduce((a, b) => a + b, 0))).toBeLessThan(1e-6 * size);
      const direct: number[] = [];
      for (const batch of epoch) direct.push(await directNoise(point, coordinate, batch));
      const mean = direct.reduce((a, b) => a + b, 0) / direct.length;
      direct.forEach((value, k) => expect(Math.abs(value - mean - noise[k]!)).toBeLessThan(1e-6 * size));
    }
  });

  it('are of distinct parameters, alike at every step, and never of dead ones', async () => {
    const point = pointOf({ kind: 'mlp', hidden: [5] });
    const drawn = drawCoordinates(point.params, 30, [1, 2]);
    expect(new Set(drawn.map(({ path, index }) => `${path}${index}`)).size).toBe(30);
    expect(drawCoordinates(point.params, 30, [1, 2])).toEqual(drawn);
    expect(drawCoordinates({ w: tensor([1, 2, 3]) }, 9, [1, 2])).toHaveLength(3);
    expect(isDead({ gradients: Float64Array.of(0, 0, 0, 0, 1) })).toBe(false);
    expect(isDead({ gradients: Float64Array.of(0, 0, 0, 0, 0, 1) })).toBe(true);
  });

  it('without rows, or with rows of two lengths, is refused', async () => {
    const point = pointOf({ kind: 'mlp', hidden: [5] });
    const of = (rows: Int32Array[]): Promise<unknown> =>
      gradientColumns({
        loss: (p: typeof point.params) => tree.leaves(p)[0]!.sum(),
        params: point.params,
        shared: {},
        rows,
        coordinates: [],
        piece: 1,
      });
    await expect(of([])).rejects.toThrow(code('EMPTY'));
    await expect(of([Int32Array.of(1), Int32Array.of(1, 2)])).rejects.toThrow(/rows of 1 and of 2/);
  });
});

const named = (name: string): GridExperiment<Record<string, unknown>> =>
  heavyTailGradientNoise.find((each) => each.name === `heavy-tail/${name}`) as GridExperiment<
    Record<string, unknown>
  >;

type NoiseCell = TrainingCell & { readonly arm?: string };

const reportOf = (
  name: string,
  of: (cell: NoiseCell, k: number) => readonly RunRecord[],
  changes: Readonly<Record<string, unknown>> = {},
): ReportData => reportOver(named(name), of, { changes });

const ended = (fields: Partial<TrainingRecord> = {}): RunRecord =>
  endOf({ steps: 100, trainLoss: 0.1, testAccuracy: 0.4, ...fields });

describe('the grids of gradient noise', () => {
  const grids = ['table1', 'figure2', 'figure4', 'batch-growth'];

  it('have cells at every size, each with a label of its own, and report on no records', () => {
    for (const name of grids) {
      const experiment = named(name);
      // Three arms need no second repeat.
      const repeats = name === 'table1' || name === 'figure2' ? 2 : 1;
      for (const preset of presetNames) {
        const cells = experiment.cells({ ...experiment.presets[preset], repeats }, 0, 'published');
        expect(new Set(cells.map((cell) => experiment.label(cell))).size, `${name} ${preset}`).toBe(
          cells.length,
        );
        expect(cells.length).toBeGreaterThan(1);
      }
      expect(reportOf(name, () => []).title).toContain('Heavy-tailed noise');
    }
  });

  it('share the trainings that table 1 and figure 2 both need', () => {
    const [first, second] = ['table1', 'figure2'].map((name) =>
      named(name)
        .cells(named(name).presets.small, 0, 'published')
        .map((cell) => JSON.stringify(cell)),
    );
    expect(first!.every((cell) => second!.includes(cell))).toBe(true);
    expect(second!.length).toBeGreaterThan(first!.length);
  });

  it.each<[string, object, RegExp]>([
    ['table1', { networks: ['ResNet-7'] }, /no network 'ResNet-7'/],
    ['table1', { batches: 0 }, /fewer than 20 minibatches of 128|fewer than 20 minibatches of 400/],
    ['table1', { batches: 19 }, /batches is 19/],
    ['table1', { steps: 0 }, /steps is 0 and epochs 0/],
    ['table1', { batchSizes: [2000] }, /a batch of 2000/],
    ['figure2', { parameters: 0 }, /parameters is 0/],
    ['figure4', { factor: 1 }, /factor is 1/],
    ['figure4', { factor: 125 }, /a batch of 2000/],
    ['figure4', { distance: 7 }, /change is 7 and distance 7/],
    ['batch-growth', { milestones: [15] }, /milestones are 15/],
    ['batch-growth', { milestones: [-2] }, /milestones are -2/],
    ['batch-growth', { milestones: [11, 7] }, /milestones are 11, 7/],
    ['batch-growth', { group: 16 }, /k16 has no normalisation/],
    ['batch-growth', { network: 'ResNet-20' }, /resnet is normalised/],
  ])('%s refuses %o', (name, change, message) => {
    const experiment = named(name);
    const of = (): unknown => experiment.cells({ ...experiment.presets.small, ...change }, 0, 'published');
    expect(of).toThrow(code('CONFIG'));
    expect(of).toThrow(message);
  });
});

/** Records of fits as a training yields them: `alphas` at B = 32, 128 and 400, and at the start. */
function fits(gain: number, alphas: readonly number[], start: number, width = 0.2): RunRecord[] {
  const at = (batchSize: number, alpha: number, step: number): RunRecord[] => {
    const labels = { kind: 'result' as const, batchSize, samples: 2000, step };
    const errors = { normalChi: 0.2 * gain, stableChi: 0.2, alphaError: 0.03, scale: 1 };
    return [
      { ...labels, name: 'sample', unit: 'examples', parameters: 12, dead: 5 },
      ...Array.from({ length: 12 }, (_, k): RunRecord => ({
        ...labels,
        ...errors,
        name: 'fit',
        path: k % 2 === 0 ? 'dense0/weight' : 'dense1/bias',
        index: k,
        alpha: alpha + width * (k / 11 - 0.5),
        normalSse: gain,
        stableSse: 1,
      })),
      ...Array.from({ length: 5 }, (_, k): RunRecord[] => [
        {
          ...labels,
          ...errors,
          name: 'fit',
          path: 'control',
          index: k,
          alpha: 2,
          normalSse: 1.01,
          stableSse: 1,
        },
        {
          ...labels,
          ...errors,
          name: 'alike',
          law: alpha,
          index: k,
          alpha: alpha + 0.004 * k,
          normalSse: 1,
          stableSse: 1,
        },
      ]).flat(),
    ];
  };
  return [...at(32, start, 0), ...alphas.flatMap((alpha, k) => at([32, 128, 400][k]!, alpha, 3000)), ended()];
}

describe('heavy-tail/table1', () => {
  it('decides by gains above those of controls, and by means over repeats', () => {
    const seen = (...args: Parameters<typeof fits>): Record<string, unknown> =>
      verdictsOf(reportOf('table1', () => fits(...args)));
    expect(seen(3, [1.1, 1.5, 1.8], 1.9)).toEqual({
      a32: 'holds',
      a128: 'holds',
      a400: 'holds',
      b: 'holds',
      c: 'holds',
    });
    expect(seen(0.9, [1.8, 1.5, 1.1], 1.2)).toEqual({
      a32: 'does not hold',
      a128: 'does not hold',
      a400: 'does not hold',
      b: 'does not hold',
      c: 'does not hold',
    });
    expect(seen(1.005, [1.5, 1.5, 1.5], 1.5)).toMatchObject({
      a32: 'cannot be decided',
      b: 'cannot be decided',
    });
  });

  it('shows the published and the prototype numbers beside those measured, and says what is absent', () => {
    const data = reportOf('table1', () => fits(3, [1.1, 1.5, 1.8], 1.9));
    expect(data.lead).toContain('CINIC-10');
    const rows = tablesOf(data)[0]!.rows;
    expect(rows[3]).toMatchObject({
      network: 'ResNet-50',
      of: 'published',
      normalSse: 288.58,
      stableChi: 8.01,
    });
    expect(
      rows.find(({ of, batchSize }) => of === 'prototype, after training' && batchSize === 32),
    ).toMatchObject({
      normalSse: 3.56,
    });
    expect(rows.find(({ of, batchSize }) => of === 'after training' && batchSize === 32)).toMatchObject({
      normalSse: { value: 3, error: 0 },
      samples: 2000,
    });
    const layers = tablesOf(data).find(({ heading }) => heading.includes('by layer'))!;
    expect(layers.rows.map(({ layer }) => layer)).toEqual([
      'dense0',
      'dense1',
      'dense0',
      'dense1',
      'dense0',
      'dense1',
    ]);
  });
});

describe('heavy-tail/figure2', () => {
  it('decides by the spread of samples of one stable law', () => {
    const seen = (width: number): Record<string, unknown> =>
      verdictsOf(reportOf('figure2', () => fits(3, [1.1, 1.5, 1.8], 1.9, width)));
    expect(seen(0.8)).toEqual({ a: 'holds', b: 'holds' });
    expect(seen(0)).toEqual({ a: 'does not hold', b: 'does not hold' });
  });

  it('calls no spread wide that estimates have too, or that is of the few fits within their range', () => {
    const seen = (of: (k: number) => number, alike: (k: number) => number): Record<string, unknown> =>
      verdictsOf(
        reportOf(
          'figure2',
          () =>
            fits(3, [1.9, 1.9, 1.9], 1.9).map((record): RunRecord => {
              const k = record['index'] as number;
              if (record.name === 'alike') return { ...record, alpha: alike(k) };
              return record.name === 'fit' && record['path'] !== 'control'
                ? { ...record, alpha: of(k) }
                : record;
            }),
          { networks: ['196-32-10'], repeats: 1 },
        ),
      );
    const wide = (k: number): number => 1.5 + 0.04 * k;
    expect(seen(wide, (k) => 1.7 + 0.001 * k)).toEqual({ a: 'holds', b: 'holds' });
    expect(seen(wide, (k) => 1.5 + 0.1 * k)).toMatchObject({ b: 'cannot be decided' });
    expect(
      seen(
        (k) => (k < 7 ? 2 : 1.2),
        () => 1.7,
      ),
    ).toMatchObject({ b: 'cannot be decided' });
  });
});

describe('heavy-tail/figure4', () => {
  /** Deviations of three parameters, and the rate, at the two moments. */
  const amplitudes = (before: number, after: number, rate: number): RunRecord[] => {
    const at = (when: string, size: number, learningRate: number): RunRecord => ({
      kind: 'result',
      name: 'amplitude',
      when,
      batchSize: 16,
      inForce: true,
      learningRate,
      epoch: when === 'before' ? 6 : 8,
      samples: 500,
      dead: 2,
      parameters: ['a[0]', 'a[1]', 'b[0]'],
      deviations: [size, 2 * size, 3 * size],
      greatest: [1, 2, 3],
      series: [0.1, -0.1],
      step: 750,
    });
    return [at('before', before, 0.08), at('after', after, rate), ended()];
  };

  it('compares u with and without the decay, and ηu with a tenth twice', () => {
    const data = reportOf('figure4', ({ arm, training }) =>
      arm === 'decay'
        ? amplitudes(1, 0.5 + 0.01 * training.replica, 0.008)
        : amplitudes(1, 1 + 0.01 * training.replica, 0.08),
    );
    expect(verdictsOf(data)).toEqual({ a: 'holds', b: 'holds', c: 'holds', d: 'holds' });
    expect(tablesOf(data)[0]!.rows[1]).toMatchObject({ arm: 'decay', repeats: 5 });
    const [, decay] = tablesOf(data)[0]!.rows;
    expect((decay!['step'] as { value: number }).value).toBeCloseTo(0.0505, 3);
    const same = reportOf('figure4', ({ training }) => amplitudes(1, 1.5 + 0.01 * training.replica, 0.08));
    expect(verdictsOf(same)).toMatchObject({ b: 'does not hold', c: 'does not hold', d: 'does not hold' });
  });

  it('takes the trainings of a repeat as a pair, however far repeats are apart', () => {
    const data = reportOf('figure4', ({ arm, training: { replica } }) =>
      amplitudes(1 + replica, (1 + replica) * (arm === 'decay' ? 0.9 : 1), arm === 'decay' ? 0.008 : 0.08),
    );
    expect(verdictsOf(data)).toEqual({ a: 'holds', b: 'holds', c: 'holds', d: 'holds' });
  });

  it.each([1, 4])('decides nothing by %i repeats, whatever they show', (repeats) => {
    const data = reportOf(
      'figure4',
      ({ arm }) => (arm === 'decay' ? amplitudes(1, 0.5, 0.008) : amplitudes(1, 1.5, 0.08)),
      { repeats },
    );
    expect(new Set(Object.values(verdictsOf(data)))).toEqual(new Set(['cannot be decided']));
    expect(JSON.stringify(data.sections)).toContain('too few, whatever they show');
  });
});

describe('heavy-tail/batch-growth', () => {
  const seen = (of: Record<string, number>): Record<string, unknown> =>
    verdictsOf(
      reportOf('batch-growth', ({ arm, training }) => [
        ended({ testAccuracy: of[arm!]! + 0.001 * training.replica }),
      ]),
    );

  it('calls accuracies alike below two points, and apart above three', () => {
    expect(seen({ constant: 0.41, decay: 0.47, growth: 0.465 })).toEqual({
      a: 'holds',
      b: 'holds',
      c: 'holds',
    });
    expect(seen({ constant: 0.45, decay: 0.47, growth: 0.4 })).toEqual({
      a: 'cannot be decided',
      b: 'cannot be decided',
      c: 'does not hold',
    });
  });
});
