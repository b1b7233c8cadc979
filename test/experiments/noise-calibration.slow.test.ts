import { beforeAll, expect, it } from 'vitest';
import { load } from '../../data/index.ts';
import { init } from '../../engine/index.ts';
import { measure } from '../../experiments/noise-enhancement/measurement.ts';
import { presets } from '../../experiments/noise-enhancement/presets.ts';
import { problemOf } from '../../experiments/noise-enhancement/training/problem.ts';

beforeAll(() => init({ backend: 'reference' }));

it('the standard errors of the noise measurement are those of its scatter over seeds, on both routes', async () => {
  const dataset = await load('procedural', { train: 60, test: 10, size: 8 });
  const sweep = { ...presets.smoke, hidden: [6], trainExamples: 40, learningRate: 0.01 };
  const settings = {
    ...presets.smoke.measurement,
    alphas: [1, 2],
    batchSize: 5,
    examples: 40,
    trainingSteps: 3,
    randomDirections: 1,
    topDirections: 1,
    topIterations: 3,
    directionDraws: 1024,
    traceDraws: 200,
    drawsPerCall: 4,
    maxRelativeError: 1,
  };
  const scores = new Map<string, number[]>();
  for (let seed = 0; seed < 24; seed++) {
    const context = { seed, signal: { aborted: false }, progress: () => undefined };
    for await (const record of measure(settings, sweep, problemOf(sweep, dataset, seed), context)) {
      const { name, quantity, measured, predicted, standardError } = record;
      if (typeof predicted !== 'number') continue;
      const key = `${name} of ${quantity as string}`;
      const score = ((measured as number) - predicted) / (standardError as number);
      scores.set(key, [...(scores.get(key) ?? []), score]);
    }
  }
  expect(scores.size).toBe(5);
  for (const [key, list] of scores) {
    const spread = Math.sqrt(list.reduce((sum, score) => sum + score ** 2, 0) / list.length);
    console.log(key, spread.toFixed(2), list.length);
    // 24 or 48 scores: the standard error of a root mean square of 1 is 0.14 or 0.10.
    expect(spread).toBeGreaterThan(0.55);
    expect(spread).toBeLessThan(1.45);
  }
});
