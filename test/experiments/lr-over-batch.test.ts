import { beforeAll, describe, expect, it } from 'vitest';
import { init } from '../../engine/index.ts';
import { load } from '../../data/index.ts';
import type { GridExperiment } from '../../experiments/grid.ts';
import { lrOverBatchExperiments } from '../../experiments/lr-over-batch/index.ts';
import {
  arrangementP,
  curveDistance,
  pairedDistances,
  type Curve,
} from '../../experiments/training/curves.ts';
import { schedulesOf } from '../../experiments/lr-over-batch/figure1/config.ts';
import { pairOf } from '../../experiments/lr-over-batch/figure2/config.ts';
import { byRatio } from '../../experiments/lr-over-batch/figure3/config.ts';
import { departures, type Run } from '../../experiments/lr-over-batch/figure5/report.ts';
import {
  claimsOf as claimsNearMinimum,
  readRecords,
} from '../../experiments/lr-over-batch/ornstein-uhlenbeck/report.ts';
import type { ReportData } from '../../experiments/report.ts';
import { presetNames, type RunContext, type RunRecord } from '../../experiments/types.ts';
import { code } from '../nn/helpers.ts';
import { endOf, manifestOf, reportOver, tablesOf, verdictsOf, type MadeCell } from './reports.ts';

const named = (name: string): GridExperiment<Record<string, unknown>> =>
  lrOverBatchExperiments.find((each) => each.name === `lr-over-batch/${name}`) as GridExperiment<
    Record<string, unknown>
  >;

const reportOf = (
  name: string,
  of: (cell: MadeCell, k: number) => readonly RunRecord[],
  count = Infinity,
): ReportData => reportOver(named(name), of, { count });

const curve = (valueAt: (epoch: number) => number, field = 'trainLoss'): RunRecord[] =>
  [1, 2, 3, 4, 5].map((epoch) => ({
    kind: 'metric',
    name: 'evaluation',
    epoch,
    step: epoch,
    [field]: valueAt(epoch),
    testAccuracy: 0.9,
  }));

describe('the grids of learning rate over batch size', () => {
  const grids = ['figure1', 'figure2', 'figure3', 'figure4', 'figure5'];

  it('have cells at every size, each with a mark and a label of its own', () => {
    for (const name of grids)
      for (const preset of presetNames) {
        const experiment = named(name);
        const cells = experiment.cells({ ...experiment.presets[preset], repeats: 1 }, 0, 'published');
        expect(new Set(cells.map((cell) => experiment.label(cell))).size, `${name} ${preset}`).toBe(
          cells.length,
        );
        expect(new Set(cells.map((cell) => JSON.stringify(cell))).size).toBe(cells.length);
        expect(cells.length).toBeGreaterThan(1);
      }
  });

  it('report on no records, and on some', () => {
    for (const name of grids) {
      expect(reportOf(name, () => [], 0).sections).toBeInstanceOf(Array);
      expect(reportOf(name, () => [endOf()], 3).title).toContain('Learning rate over batch size');
    }
  });

  it('refuse what makes no sense', () => {
    const refused = (name: string, change: (config: Record<string, unknown>) => object): void => {
      const experiment = named(name);
      const config = { ...experiment.presets.smoke, ...change(experiment.presets.smoke) };
      expect(() => experiment.cells(config as Record<string, unknown>, 0, 'published')).toThrow(
        code('CONFIG'),
      );
    };
    refused('figure1', () => ({ period: -1 }));
    refused('figure1', () => ({ rate: 0 }));
    refused('figure1', () => ({ epochs: -3 }));
    refused('figure1', () => ({ factor: 1 }));
    refused('figure1', () => ({ batchSize: 1000 }));
    refused('figure1', () => ({ repeats: 0 }));
    refused('figure2', () => ({ networks: ['VGG'] }));
    const plan = (config: Record<string, unknown>, change: object) => ({
      plans: { MLP: { ...(config['plans'] as Record<string, object>)['MLP'], ...change } },
    });
    refused('figure2', (config) => plan(config, { milestones: [3, 2] }));
    refused('figure2', (config) => plan(config, { decay: 0 }));
    refused('figure3', (config) => plan(config, { length: { time: -1 } }));
    refused('figure3', (config) => plan(config, { length: {} }));
    refused('figure3', (config) => plan(config, { pairs: [[-0.1, 16]] }));
    refused('figure3', (config) => plan(config, { pairs: [[0.1, 1.5]] }));
    refused('figure3', (config) =>
      plan(config, { curvature: { examples: 0, iterations: 8, probes: 4, difference: -1 } }),
    );
    refused('figure4', () => ({ points: 1 }));
    refused('figure4', () => ({ pairs: [] }));
    refused('figure5', () => ({ factors: [2, 4] }));
    refused('figure5', () => ({ readAt: 0 }));
    refused('figure5', () => ({ sizes: [{ trainExamples: 100, epochs: 1 }] }));
  });
});

describe('what is trained', () => {
  const base = { rate: 0.05, batchSize: 16, factor: 5, period: 10 };

  it('in figure 1 has the same η/S in the cyclic arms at every epoch', () => {
    const [rates, sizes] = [schedulesOf(base, 'cyclic rate'), schedulesOf(base, 'cyclic batch')];
    expect(rates).toEqual({
      learningRate: { kind: 'cyclic', period: 10, unit: 'epochs', from: 0.05, to: 0.25 },
      batchSize: 16,
    });
    expect(sizes).toEqual({
      learningRate: 0.25,
      batchSize: { kind: 'cyclic', period: 10, unit: 'epochs', from: 80, to: 16 },
    });
    expect(0.05 / 16).toBe(0.25 / 80);
    expect(schedulesOf(base, 'unscaled')).toEqual({ learningRate: 0.05, batchSize: 80 });
  });

  it('in figure 2 is scaled linearly, by the square root, and not', () => {
    const plan = { rate: 0.1, batchSize: 16, factor: 4 };
    expect(pairOf(plan, 'linear')).toEqual({ rate: 0.4, batchSize: 64 });
    expect(pairOf(plan, 'square root')).toEqual({ rate: 0.2, batchSize: 64 });
    expect(pairOf(plan, 'none')).toEqual({ rate: 0.1, batchSize: 64 });
  });

  it('in figure 3 are all η/S and S but those of too large a rate', () => {
    const pairs = byRatio([1 / 256, 1 / 32], [16, 32, 64], { most: 1 });
    expect(pairs).toEqual([
      [0.0625, 16],
      [0.125, 32],
      [0.25, 64],
      [0.5, 16],
      [1, 32],
    ]);
  });
});

describe('curves', () => {
  const of = (replica: number, values: readonly number[], diverged = false): Curve => ({
    replica,
    diverged,
    values: new Map(values.map((value, k) => [String(k), value])),
  });

  it('are as far apart as their means are on the average epoch', () => {
    const a = [of(0, [1, 2]), of(1, [3, 2])];
    const b = [of(0, [3, 2]), of(1, [3, 4])];
    expect(curveDistance(a, b)).toBeCloseTo((1 / 2 + 1 / 2) / 2, 12);
    expect(curveDistance(a, b, 'absolute')).toBeCloseTo(1, 12);
    expect(pairedDistances(a, b)).toEqual([1, 0.5]);
    expect(curveDistance(a, [of(0, [1, 2], true)])).toBe(Infinity);
  });

  it('of two arms that do not overlap have the least p there is', () => {
    const low = [1, 1.1, 1.2, 1.3].map((value, k) => of(k, [value]));
    const high = [2, 2.1, 2.2, 2.3].map((value, k) => of(k, [value]));
    expect(arrangementP(low, high)).toBeCloseTo(2 / 70, 12);
    expect(arrangementP([low[0]!, high[1]!, low[2]!], [high[0]!, low[1]!, high[2]!])).toBeGreaterThan(0.1);
  });
});

describe('verdicts', () => {
  it('on figure 1 hold where equal ratios coincide and the others do not', () => {
    const data = reportOf('figure1', ({ arm, training }) => {
      const scale = arm === 'unscaled' ? 3 : 1;
      return [...curve((epoch) => (scale / epoch) * (1 + training.replica / 1000)), endOf()];
    });
    expect(verdictsOf(data)).toEqual({ a: 'holds', b: 'holds', c: 'holds', d: 'holds' });
  });

  it('on figure 1 do not hold where equal ratios part beyond chance', () => {
    const data = reportOf('figure1', ({ arm, training }) => {
      const scale = arm === 'large' || arm === 'cyclic batch' ? 2 : 1;
      return [...curve((epoch) => (scale / epoch) * (1 + training.replica / 1000)), endOf()];
    });
    expect(verdictsOf(data)).toEqual({
      a: 'does not hold',
      b: 'does not hold',
      c: 'does not hold',
      d: 'does not hold',
    });
  });

  it('on figure 2 follow the order of the distances, a diverged training farthest', () => {
    const far = { 'small batch': 0, linear: 0.1, 'square root': 0.4, none: 1 };
    const data = reportOf('figure2', ({ arm, training: { replica } }) => [
      ...curve((epoch) => (1 + far[arm as keyof typeof far]) / epoch + replica / 1e4),
      endOf(arm === 'none' && replica === 0 ? { outcome: 'diverged', trainLoss: null } : {}),
    ]);
    expect(verdictsOf(data)).toEqual({ a: 'holds', b: 'holds' });
  });

  const curvature = (ratio: number, jitter: number): RunRecord => ({
    kind: 'result',
    name: 'curvature',
    largest: (0.01 / ratio) * (1 + jitter),
    residual: 0,
    norm: (0.02 / ratio) * (1 + jitter),
    normError: 0,
    trace: 2,
    traceError: 0,
    noiseTrace: 1,
    squaredGradient: 0,
    meanLoss: ratio,
    examples: 10,
    products: 'exact',
    policy: 'no batch normalisation',
  });

  it('on figure 3 hold where curvature falls and accuracy rises with η/S alone', () => {
    const data = reportOf('figure3', ({ training }) => {
      const ratio = (training.learningRate as number) / (training.batchSize as number);
      return [
        { kind: 'metric', name: 'evaluation', step: 1, epoch: 1, trainLoss: ratio / 2 },
        curvature(ratio, training.replica / 100),
        endOf({ testAccuracy: 0.8 + ratio }),
      ];
    });
    expect(verdictsOf(data)).toEqual({
      a: 'holds',
      b: 'holds',
      c: 'holds',
      d: 'holds',
      e: 'holds',
      f: 'holds',
    });
  });

  it('on figure 3 leave out what did not fit its training set, and say how many', () => {
    const data = reportOf('figure3', ({ training }) => [
      curvature((training.learningRate as number) / (training.batchSize as number), 0),
      endOf({ trainAccuracy: 0.5 }),
    ]);
    expect(new Set(Object.values(verdictsOf(data)))).toEqual(new Set(['cannot be decided']));
    expect(JSON.stringify(data.sections)).toContain('trainings are left out');
  });

  it('on figure 4 hold where the loss is steeper beyond the smaller ratio, and equal ratios alike', () => {
    const data = reportOf('figure4', ({ pair, training }) => [
      ...[-1, -0.5, 0, 1, 1.5, 2].map((a): RunRecord => ({
        kind: 'result',
        name: 'line',
        a,
        trainLoss: (a > 1 && pair === 'different ratios' ? 4 : 1) * (0.01 + training.replica / 1e4),
        trainAccuracy: 1,
        testLoss: 1,
        testAccuracy: 0.9,
      })),
      endOf({ trainLoss: 0.01 + training.replica / 1e4 }),
    ]);
    expect(verdictsOf(data)).toEqual({ a: 'holds', b: 'holds', c: 'holds' });
  });

  it('on figure 5 hold where large β break down, sooner on less data', () => {
    const data = reportOf('figure5', ({ factor, training }) => {
      const limit = training.images.trainExamples === 500 ? 8 : 16;
      const accuracy = (factor as number) < limit ? 0.9 : 0.2;
      const found = accuracy - training.replica / 1e4;
      return [
        ...curve(() => 1).map((record): RunRecord => ({ ...record, testAccuracy: found })),
        endOf({ testAccuracy: found }),
      ];
    });
    expect(verdictsOf(data)).toEqual({ a: 'holds', b: 'holds', c: 'holds' });
  });

  it('say nothing of networks that learned nothing', () => {
    const idle = (name: string): unknown[] => [
      ...new Set(
        Object.values(
          verdictsOf(
            reportOf(name, ({ arm, factor = 1, training: { replica } }) => {
              // Apart as the claims have it, about an accuracy by chance.
              const scale = arm === 'unscaled' || arm === 'none' ? 3 : arm === 'square root' ? 2 : 1;
              const accuracy = 0.15 - (factor as number) / 1000 - replica / 1e4;
              return [
                ...curve((epoch) => (scale / epoch) * (1 + replica / 1000)).map((record): RunRecord => ({
                  ...record,
                  testAccuracy: accuracy,
                })),
                endOf({ testAccuracy: accuracy }),
              ];
            }),
          ),
        ),
      ),
    ];
    for (const name of ['figure1', 'figure2', 'figure5'])
      expect(idle(name), name).toEqual(['cannot be decided']);
  });

  it('on figure 5 say nothing of a breakdown where β = 1 is below the same limit', () => {
    const data = reportOf('figure5', ({ factor, training: { replica } }) => {
      const accuracy = ((factor as number) < 8 ? 0.45 : 0.2) - replica / 1e4;
      return [
        ...curve(() => 1).map((record): RunRecord => ({ ...record, testAccuracy: accuracy })),
        endOf({ testAccuracy: accuracy }),
      ];
    });
    expect(verdictsOf(data)).toMatchObject({ a: 'holds', b: 'cannot be decided' });
    expect(JSON.stringify(data)).toContain('nothing could break down');
  });

  it('on figure 4 leave out pairs of which a training diverged, and say which', () => {
    const line = (scale: number, testAccuracy: number): RunRecord[] =>
      [-1, -0.5, 0, 1, 1.5, 2].map((a): RunRecord => ({
        kind: 'result',
        name: 'line',
        a,
        trainLoss: (a > 1 ? scale : 1) * 0.01,
        trainAccuracy: 1,
        testLoss: 1,
        testAccuracy,
      }));
    const data = reportOf('figure4', ({ pair, training: { replica } }) => {
      if (pair === 'different ratios') return [...line(4, 0.9), endOf({ trainLoss: 0.01 })];
      return replica === 0
        ? [endOf({ outcome: 'diverged', trainLoss: null })]
        : [{ kind: 'event', name: 'lost', message: 'Step 1: the loss is not finite.' }, endOf()];
    });
    expect(data.lead).toContain('3 of 6 pairs came to their end');
    expect(data.lead).toContain('equal ratios: θ₁ diverged in 1; equal ratios: θ₂ diverged in 2');
    expect(tablesOf(data)[0]!.rows.at(-1)).toMatchObject({ pair: 'equal ratios', runs: 0, lost: 3 });
    expect(verdictsOf(data)).toEqual({ a: 'holds', b: 'cannot be decided', c: 'holds' });
    expect(JSON.stringify(data.sections)).toContain('Left out: 3 pairs of which a training diverged.');
    const idle = reportOf('figure4', () => [...line(4, 0.1), endOf({ trainLoss: 0.01 })]);
    expect(verdictsOf(idle)).toMatchObject({ a: 'cannot be decided', b: 'cannot be decided' });
  });

  it('stand beside the prototype’s numbers at the preset that has its settings, and only there', () => {
    for (const name of ['figure1', 'figure3', 'figure4', 'figure5']) {
      const config = { ...named(name).presets.small, repeats: 1 };
      const line: RunRecord = { kind: 'result', name: 'line', a: 0, trainLoss: 1, testLoss: 1 };
      const cells = named(name).cells(config, 0, 'published').slice(0, 2);
      const records = named(name).gather(
        cells.map((cell) => ({
          cell,
          records: [...curve(() => 1), curvature(1 / 64, 0), line, endOf()],
        })),
      );
      const shown = (preset: 'small' | 'medium'): boolean =>
        /Prototype:|the prototype/.test(
          JSON.stringify(
            named(name).report(records, manifestOf(`lr-over-batch/${name}`, config, { preset })),
          ),
        );
      expect([shown('small'), shown('medium')], name).toEqual([true, false]);
    }
    const rows = tablesOf(reportOf('figure5', () => [...curve(() => 1), endOf()], 6))[0]!.rows;
    const known: Record<string, number> = {
      1: 0.834,
      2: 0.835,
      4: 0.836,
      8: 0.741,
      16: 0.545,
      32: 0.208,
      64: 0.164,
    };
    for (const { size, factor, prototype } of rows) {
      expect(size).toBe(500);
      expect(prototype).toBe(known[factor as string]);
    }
  });

  it('on figure 5 count a diverged training as departed', () => {
    const run = (factor: number, replica: number, early?: number): Run =>
      ({ factor, replica, early }) as unknown as Run;
    expect(
      departures([
        [1, [run(1, 0, 0.9), run(1, 1, 0.9)]],
        [2, [run(2, 0, 0.89), run(2, 1)]],
        [4, [run(4, 0, 0.7), run(4, 1, 0.9)]],
      ]),
    ).toEqual([4, 2]);
    expect(departures([[2, [run(2, 0, 0.9)]]])).toEqual([]);
  });
});

describe('trainings, scaled down,', () => {
  beforeAll(() => init({ backend: 'reference' }));

  const context = async (): Promise<RunContext> => ({
    seed: 0,
    dataset: await load('procedural', { train: 16, test: 8 }),
    signal: { aborted: false },
    progress: () => undefined,
    log: () => undefined,
  });
  const plan = {
    data: 'mnist',
    network: { kind: 'mlp', hidden: [2], norm: 2 },
    images: { trainExamples: 4, testExamples: 2, pool: true },
  };
  const recordsOf = async (name: string, config: object): Promise<RunRecord[]> => {
    const records: RunRecord[] = [];
    for await (const record of named(name).run(config as Record<string, unknown>, await context()))
      records.push(record);
    return records;
  };

  it('of figure 3 are measured with frozen statistics, by exact products or by differences', async () => {
    const config = (difference: number) => ({
      networks: ['MLP'],
      repeats: 1,
      plans: {
        MLP: {
          ...plan,
          sampling: 'epoch-shuffle',
          length: { epochs: 1 },
          pairs: [[0.1, 2]],
          looks: 1,
          curvature: { examples: 0, iterations: 2, probes: 2, difference },
        },
      },
    });
    const [exact] = (await recordsOf('figure3', config(0))).filter(({ name }) => name === 'curvature');
    expect(exact).toMatchObject({
      products: 'exact',
      policy: 'frozen statistics',
      examples: 4,
      training: { network: 'MLP', rate: 0.1, batchSize: 2, replica: 0 },
    });
    expect(exact!['largest']).toBeGreaterThan(0);
    expect(exact!['noiseTrace']).toBeGreaterThan(0);
    const records = await recordsOf('figure3', config(1e-3));
    const [apart] = records.filter(({ name }) => name === 'curvature');
    expect(apart!['products']).toBe('differences of 0.001');
    // In float64 differences are good, here to some 1e-3 where the step meets no kink.
    expect((apart!['largest'] as number) / (exact!['largest'] as number)).toBeCloseTo(1, 1);
    const data = named('figure3').report(records, manifestOf('lr-over-batch/figure3', config(1e-3)));
    expect(JSON.stringify(data.sections)).toContain('useless along random directions');
  });

  it('of figure 4 give a line that begins at the training itself', async () => {
    const end = { rate: 0.1, batchSize: 2, epochs: 1 };
    const records = await recordsOf('figure4', {
      pairs: ['equal ratios'],
      repeats: 1,
      points: 2,
      plans: { 'equal ratios': { ...plan, first: end, second: { ...end, epochs: 2 } } },
    });
    const line = records.filter(({ name }) => name === 'line');
    expect(line.map(({ a }) => a)).toEqual([-1, -0.5, 0, 1, 1.5, 2]);
    const stored = records.find(({ name }) => name === 'training')!['trainLoss'] as number;
    expect(line[2]!['trainLoss']).toBeCloseTo(stored, 9);
    expect(line[3]!['trainLoss']).not.toBeCloseTo(stored, 6);
  });

  it('of figure 4 whose other end diverges are a pair without a line, and no error', async () => {
    const end = { rate: 0.1, batchSize: 2, epochs: 1 };
    const network = { kind: 'mlp', hidden: [16] };
    const config = {
      pairs: ['lost', 'whole'],
      repeats: 1,
      points: 2,
      plans: {
        lost: { ...plan, network, first: end, second: { rate: 1e200, batchSize: 2, epochs: 3 } },
        whole: { ...plan, network, first: end, second: end },
      },
    };
    const records = await recordsOf('figure4', config);
    const of = (pair: string): string[] =>
      records
        .filter(({ training }) => (training as { readonly pair: string }).pair === pair)
        .map(({ name }) => name);
    expect(of('lost')).toEqual(expect.arrayContaining(['lost', 'training']));
    expect(of('lost')).not.toContain('line');
    expect(of('whole').filter((name) => name === 'line')).toHaveLength(6);
    const data = named('figure4').report(records, manifestOf('lr-over-batch/figure4', config));
    expect(data.lead).toContain('lost: θ₂ diverged in 1');
  });
});

describe('SGD near a minimum, as an experiment', () => {
  beforeAll(() => init({ backend: 'reference' }));

  it('simulates all processes and both times of a rescaling, and records β that diverge', async () => {
    const experiment = lrOverBatchExperiments[0]!;
    const { quadratic, rescaling, network } = experiment.presets.smoke as unknown as Record<string, object>;
    const config = {
      quadratic: { ...quadratic, chains: 4, regressionChains: 4, burnIn: 0, looks: 1, every: 4 },
      rescaling: { ...rescaling, chains: 2, time: 0.4, looks: 2, factors: [1, 10] },
      network: { ...network, networks: [] },
    };
    const context: RunContext = {
      seed: 0,
      dataset: await load('procedural', { train: 20, test: 10 }),
      signal: { aborted: false },
      progress: () => undefined,
      log: () => undefined,
    };
    const records: RunRecord[] = [];
    for await (const record of experiment.run(config, context)) records.push(record);
    const { stationary, transient, unstable } = readRecords(records);
    expect(stationary).toHaveLength(5 * 6);
    expect(transient).toHaveLength(3);
    expect(unstable).toEqual([10]);
    const data = experiment.report(records, manifestOf('lr-over-batch/ornstein-uhlenbeck', config));
    expect(verdictsOf(data)['c']).toBe('cannot be decided');
    const wrong = { ...config, rescaling: { ...config.rescaling, factors: [0.01] } };
    await expect(experiment.run(wrong, context)[Symbol.asyncIterator]().next()).rejects.toThrow(
      code('CONFIG'),
    );
  });

  it('claims an order of η in numbers, where βηλ is small and nowhere else', () => {
    const claim = (
      distanceAt: (step: number) => number,
    ): { short: string; verdict: string; reason: string } => {
      const records: RunRecord[] = [
        {
          kind: 'result',
          name: 'stationary',
          process: 'SGD',
          curvature: 5,
          leading: 1,
          exact: 1,
          measured: 1,
          standardError: 1,
        },
        ...[1, 2, 4, 7].map((factor): RunRecord => ({
          kind: 'metric',
          name: 'transient',
          factor,
          learningRate: 0.05 * factor,
          batchSize: 10 * factor,
          time: 1,
          measured: 1 + distanceAt(0.25 * factor),
          standardError: 0.01,
          exact: 1 + distanceAt(0.25 * factor),
          leading: 1,
        })),
      ];
      return claimsNearMinimum(readRecords(records)).find(({ letter }) => letter === 'b')!;
    };
    const found = claim((step) => step / 4 + (step > 1 ? 2 : 0));
    expect(found.verdict).toBe('holds');
    expect(found.short).toBe('only η/S enters, up to order η: within 25.0 % up to β = 4');
    expect(found.reason).toContain('243.8 % at β = 7, where βηλ = 1.75 is not small');
    expect(claim((step) => 2 * step).verdict).toBe('does not hold');
  });
});
