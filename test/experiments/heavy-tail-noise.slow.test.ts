/** The experiments of gradient noise as wholes, in small: they train, measure and report. */
import { beforeAll, describe, expect, it } from 'vitest';
import { load, type Dataset } from '../../data/index.ts';
import { init } from '../../engine/index.ts';
import { heavyTailGradientNoise } from '../../experiments/heavy-tail/gradient-noise/index.ts';
import type { RunRecord } from '../../experiments/types.ts';
import { manifestOf } from './reports.ts';

let grey: Dataset;
let coloured: Dataset;
beforeAll(async () => {
  await init({ backend: 'reference' });
  grey = await load('procedural', { train: 200, test: 40 });
  coloured = await load('procedural', { train: 64, test: 16, size: 32, channels: 3 });
});

/** Few, since convolutions in float64 are slow. */
const images = { trainExamples: 32, testExamples: 8, pool: true, standardize: true };

async function recordsOf(
  name: string,
  dataset: Dataset,
  changes: object,
): Promise<{ readonly records: readonly RunRecord[]; readonly headings: readonly unknown[] }> {
  const experiment = heavyTailGradientNoise.find((each) => each.name === `heavy-tail/${name}`)!;
  const config = { ...experiment.presets.smoke, ...changes };
  const context = {
    seed: 2,
    dataset,
    signal: { aborted: false },
    progress: () => {},
    log: () => {},
  };
  const records: RunRecord[] = [];
  for await (const record of experiment.run(config, context)) records.push(record);
  const { sections } = experiment.report(
    records,
    manifestOf(experiment.name, config, { preset: 'smoke', seed: 2 }),
  );
  expect(experiment.summary(records)).toBeTypeOf('object');
  return { records, headings: sections.map(({ heading }) => heading) };
}

describe('the experiments of gradient noise', () => {
  it('table 1 fits every parameter and every control at every batch size, before and after training', async () => {
    const { records, headings } = await recordsOf('table1', grey, { steps: 20 });
    const fits = records.filter(({ name }) => name === 'fit');
    const constant = records.filter(({ name }) => name === 'constant');
    const samples = records.filter(({ name }) => name === 'sample');
    expect(samples.map(({ step, batchSize }) => [step, batchSize])).toEqual([
      [0, 16],
      [20, 16],
      [20, 64],
    ]);
    const looked = samples.reduce((sum, { parameters }) => sum + (parameters as number), 0);
    expect(looked).toBe(3 * 8);
    expect(fits.length + constant.length).toBe(looked + 3 * 4);
    expect(records.filter(({ name }) => name === 'alike')).toHaveLength(3 * 4);
    for (const fit of fits) {
      expect(fit['alpha']).toBeGreaterThanOrEqual(0.5);
      expect(fit['alpha']).toBeLessThanOrEqual(2);
      expect(fit['stableSse']).toBeGreaterThan(0);
    }
    expect(headings).toContain('The fitted tail index');
    expect(records.some(({ name }) => name === 'histogram')).toBe(true);
  });

  it('figure 4 looks at the noise before and after, and at both batch sizes where they differ', async () => {
    const { records } = await recordsOf('figure4', coloured, { images, piece: 16, batches: 30, factor: 5 });
    const seen = records
      .filter(({ name }) => name === 'amplitude')
      .map(({ training, when, batchSize, inForce, learningRate }) => [
        (training as { arm: string }).arm,
        when,
        batchSize,
        inForce,
        learningRate,
      ]);
    expect(seen.filter(([arm]) => arm === 'growth')).toEqual([
      ['growth', 'before', 4, true, 0.08],
      ['growth', 'after', 20, true, 0.08],
      ['growth', 'after', 4, false, 0.08],
    ]);
    expect(seen.filter(([arm]) => arm === 'decay').map(([, , , , rate]) => rate)).toEqual([0.08, 0.016]);
    expect(seen).toHaveLength(7);
  });

  it('batch growth trains the three schedules', async () => {
    const { records, headings } = await recordsOf('batch-growth', coloured, {
      images,
      lossExamples: 8,
      repeats: 1,
      factor: 2,
    });
    const steps = records
      .filter(({ name }) => name === 'training')
      .map(({ training, steps: made }) => [(training as { arm: string }).arm, made]);
    expect(Object.fromEntries(steps)).toEqual({ constant: 32, decay: 32, growth: 16 + 4 + 2 });
    expect(headings).toContain('K16: test accuracy beside that published');
  });
});
