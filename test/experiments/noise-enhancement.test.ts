import { beforeAll, describe, expect, it } from 'vitest';
import { load, type Dataset } from '../../data/index.ts';
import { init } from '../../engine/index.ts';
import { checkConfig, gridOf, type Config } from '../../experiments/noise-enhancement/config.ts';
import { stepLimit } from '../../experiments/noise-enhancement/training/settings.ts';
import { presets } from '../../experiments/noise-enhancement/presets.ts';
import { noiseEnhancement } from '../../experiments/noise-enhancement/index.ts';
import type { Manifest, PresetName, RunContext, RunRecord } from '../../experiments/types.ts';
import { manifestOf } from './reports.ts';

let dataset: Dataset;
beforeAll(async () => {
  await init({ backend: 'reference' });
  dataset = await load('procedural', { train: 80, test: 30, size: 8 });
});

const tiny: Config = {
  ...presets.smoke,
  alphas: [1, 1.5],
  batchSizes: [10],
  pairs: [],
  hidden: [6],
  trainExamples: 40,
  testExamples: 0,
  learningRate: 0.01,
  maxSteps: 8,
  lossEvery: 4,
  halveAt: 0,
  stopBelow: 0,
  measurement: {
    ...presets.smoke.measurement,
    alphas: [1, 2],
    batchSize: 5,
    examples: 40,
    trainingSteps: 3,
    randomDirections: 1,
    topDirections: 1,
    topIterations: 3,
    directionDraws: 256,
    traceDraws: 40,
    drawsPerCall: 4,
    maxRelativeError: 1,
  },
};
const none = { ...tiny.measurement, alphas: [] };

const context = (changes: Partial<RunContext> = {}): RunContext => ({
  seed: 3,
  dataset,
  signal: { aborted: false },
  progress: () => undefined,
  log: () => undefined,
  ...changes,
});

async function collect(config: Config, changes?: Partial<RunContext>): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  for await (const record of noiseEnhancement.run(config, context(changes))) records.push(record);
  return records;
}

const manifest = (preset: PresetName = 'smoke'): Manifest =>
  manifestOf(
    'noise-enhancement',
    {},
    {
      preset,
      seed: 3,
      dataset: { name: 'procedural', source: 'procedural', train: 40, test: 30, hashes: {} },
    },
  );

describe('the noise-enhancement experiment', () => {
  it('measures the covariance factor and trains every pair, and its records survive JSON', async () => {
    const records = await collect(tiny);
    expect(JSON.parse(JSON.stringify(records))).toEqual(records);
    const ratios = records.filter((record) => record.name === 'covariance');
    expect(ratios.length).toBe(6);
    for (const { measured, predicted, standardError } of ratios)
      expect(Math.abs((measured as number) - (predicted as number))).toBeLessThan(
        4 * (standardError as number),
      );
    for (const { measured, predicted, standardError } of records.filter(
      (record) => record.name === 'plain-covariance' && record['predicted'] !== null,
    ))
      expect(Math.abs((measured as number) - (predicted as number))).toBeLessThan(
        4 * (standardError as number),
      );
    const runs = records.filter((record) => record.name === 'run');
    expect(
      runs.map(({ alpha, steps, outcome, exampleGradients }) => [alpha, steps, outcome, exampleGradients]),
    ).toEqual([
      [1, 8, 'finished', 80],
      [1.5, 8, 'finished', 160],
    ]);
    for (const { testAccuracy } of runs)
      expect((testAccuracy as number) * 30).toBeCloseTo(Math.round((testAccuracy as number) * 30), 9);
    const summary = noiseEnhancement.summary(records);
    expect(summary['covariance']).toMatchObject([
      { alpha: 1, predicted: 1 },
      { alpha: 2, predicted: 5 },
    ]);
    expect(summary['runs']).toMatchObject([
      { alpha: 1, batchSize: 10, steps: 8, converged: false },
      { alpha: 1.5 },
    ]);
  });

  it('gives the same records for the same seed, and others for another', async () => {
    const config = { ...tiny, alphas: [1.5], measurement: none };
    const [a, b, c] = [await collect(config), await collect(config), await collect(config, { seed: 4 })];
    expect(a).toEqual(b);
    expect(a.at(-1)!['trainLoss']).not.toBe(c.at(-1)!['trainLoss']);
  });

  it('halves the rate once at L*, stops below L**, and counts the steps', async () => {
    const config: Config = {
      ...tiny,
      alphas: [1],
      hidden: [32],
      trainExamples: 20,
      learningRate: 0.03,
      maxSteps: 200,
      lossEvery: 5,
      halveAt: 1,
      stopBelow: 0.2,
      measurement: none,
    };
    const records = await collect(config);
    const halved = records.filter((record) => record.name === 'halved');
    expect(halved.length).toBe(1);
    expect(halved[0]!['learningRate']).toBe(0.015);
    const result = records.at(-1)!;
    expect(result).toMatchObject({
      name: 'run',
      outcome: 'converged',
      converged: true,
      halvedAt: halved[0]!['step'],
    });
    expect(result['trainLoss']).toBeLessThan(0.2);
    expect((result['steps'] as number) % 5).toBe(0);
    const losses = records
      .filter((record) => record.name === 'evaluation')
      .map((r) => r['trainLoss'] as number);
    expect(losses.slice(0, -1).every((loss) => loss >= 0.2)).toBe(true);
  });

  it('stops at a step whose loss is not finite, naming the step and the first tensor', async () => {
    const config: Config = {
      ...tiny,
      optimizer: 'sgd',
      learningRate: 1e160,
      alphas: [1.5],
      measurement: none,
    };
    await expect(collect(config)).rejects.toMatchObject({
      code: 'NON_FINITE',
      message: expect.stringMatching(/^Step [1-9].*in layer 'dense\d'/) as unknown,
    });
  });

  it('a rejected step leaves parameters and optimizer as they were', async () => {
    const { problemOf } = await import('../../experiments/noise-enhancement/training/problem.ts');
    const { optimizerOf, trainingStep } =
      await import('../../experiments/noise-enhancement/training/step.ts');
    const { initialState } = await import('../../experiments/training/step.ts');
    const { tensor, tree } = await import('../../engine/index.ts');
    const sweep = { ...tiny, optimizer: 'adam', learningRate: 1e300 } as const;
    const problem = problemOf(sweep, dataset, 0);
    const optimizer = optimizerOf(sweep);
    const step = trainingStep(problem, sweep, 1, optimizer);
    const values = async (t: object): Promise<number[][]> =>
      Promise.all(tree.leaves(t as never).map(async (leaf) => [...(await leaf.data())]));
    let state = initialState(problem.initialize(0), optimizer);
    const batch = () => tensor(Int32Array.of(0, 1, 2));
    [state] = step(state, problem.train.tensors, batch());
    expect(await state.failedAt.item()).toBe(-1);
    const before = await values({ params: state.params, optimizer: state.optimizer });
    for (let t = 0; t < 2; t++) {
      [state] = step(state, problem.train.tensors, batch());
      expect(await state.failedAt.item()).toBe(1);
      expect(await values({ params: state.params, optimizer: state.optimizer })).toEqual(before);
    }
    expect(await state.step.item()).toBe(1);
  });

  it('ends after the step it is in when it is told to stop, keeping what it has', async () => {
    const signal = { aborted: false };
    const records = await collect(
      { ...tiny, measurement: none },
      {
        signal,
        progress: ({ done }) => {
          signal.aborted = done >= 5;
        },
      },
    );
    expect(records.map((record) => record.name)).toEqual(['model', 'evaluation']);
    expect(noiseEnhancement.summary(records)).toEqual({ covariance: [], runs: [] });
  });

  it('reports any first part of its records', async () => {
    const records = await collect(tiny);
    for (let count = 0; count <= records.length; count++) {
      const { sections } = noiseEnhancement.report(records.slice(0, count), manifest());
      const ids = sections.flatMap((section) => (section.kind === 'figure' ? [section.id] : []));
      expect(new Set(ids).size).toBe(ids.length);
    }
    const { sections } = noiseEnhancement.report(records, manifest());
    expect(sections.map((section) => section.heading)).toEqual([
      'Covariance of the enhanced noise over that of plain SGD',
      'The covariance factor',
      'Variance of the gradient of plain SGD',
      'Training runs',
      'Test accuracy',
      'Optimizer steps until the end',
      'Training loss at B = 10',
    ]);
  });

  it('draws the curves of a run that was stopped before its end', () => {
    const metric = {
      kind: 'metric',
      name: 'evaluation',
      sweep: 'main',
      replica: 0,
      alpha: 1,
      batchSize: 900,
    } as const;
    const records = [66, 132].map((step) => ({
      ...metric,
      step,
      minibatchLoss: 1,
      testAccuracy: step / 200,
    }));
    const { sections } = noiseEnhancement.report(records, manifest('paper'));
    expect(sections.map((section) => section.heading)).toEqual(['Test accuracy at B = 900']);
  });

  it('shows the published figures beside F1 on Fashion-MNIST', () => {
    const run = {
      kind: 'result',
      name: 'run',
      sweep: 'main',
      replica: 0,
      testAccuracy: 0.9,
      steps: 11_000,
    } as const;
    const records = [
      { ...run, alpha: 1, batchSize: 900, converged: true },
      { ...run, alpha: 1, batchSize: 800, converged: true },
    ];
    const paper = manifest('paper');
    const { sections } = noiseEnhancement.report(records, {
      ...paper,
      dataset: { ...paper.dataset, name: 'fashion-mnist' },
    });
    const table = sections.find((section) => section.kind === 'table');
    expect(table?.rows.map((row) => row['publishedAccuracy'])).toEqual([
      null,
      { value: 0.9017, error: 0.0014 },
    ]);
  });
});

describe('configurations', () => {
  it('every preset makes sense', () => {
    for (const preset of Object.values(presets)) expect(() => checkConfig(preset)).not.toThrow();
  });

  it('paper holds the published grid: 13 batch sizes at α = 1 and 1.5, and α = 1 … 11 at B = 5000', () => {
    const grid = gridOf(presets.paper);
    expect(grid.filter(([alpha]) => alpha === 1).length).toBe(13);
    expect(grid.filter(([, batchSize]) => batchSize === 5000).map(([alpha]) => alpha)).toEqual([
      1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    ]);
    expect(grid.length).toBe(36);
    expect(gridOf(presets.medium).length).toBe(13);
  });

  it('a cap in examples counts both batches', () => {
    expect(stepLimit(presets.medium, 1, 5000)).toBe(240);
    expect(stepLimit(presets.medium, 2, 5000)).toBe(120);
  });

  it('one that makes no sense is refused with the field and the range', async () => {
    for (const changes of [
      { learningRate: -1 },
      { maxSteps: 0, maxExamples: 0 },
      { batchSizes: [0] },
      { optimizer: 'rmsprop' },
      { hidden: [1.5] },
      { initializer: 'ones' },
    ] as Partial<Config>[])
      await expect(collect({ ...tiny, ...changes })).rejects.toMatchObject({ code: 'CONFIG' });
    await expect(collect({ ...tiny, batchSizes: [41], measurement: none })).rejects.toMatchObject({
      code: 'BATCH_TOO_LARGE',
    });
  });
});
