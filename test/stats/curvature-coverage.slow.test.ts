/**
 * Coverage of standard errors where an estimate takes many products. What is cheaper has its coverage beside its other tests:
 * curvature-traces.test.ts.
 */
import { beforeAll, expect, it } from 'vitest';
import { init, random, tensor } from '../../engine/index.ts';
import {
  hutchPlusPlus,
  matrixOperator,
  spectralDensity,
  spectralMean,
  type Estimate,
} from '../../stats/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const N = 24;
const element = (i: number, j: number): number =>
  Math.cos(i * j) + (i === j ? i : 0) + 3 * Math.sin(i + 1) * Math.sin(j + 1);
const operator = matrixOperator(
  tensor(
    Float64Array.from({ length: N * N }, (_, ij) => element(Math.floor(ij / N), ij % N)),
    [N, N],
  ),
);
const trace = Array.from({ length: N }, (_, i) => element(i, i)).reduce((sum, x) => sum + x, 0);

/** Of 200 seeds, those whose estimate is within two of its standard errors of the truth. */
async function covered(truth: number, estimate: (seed: number) => Promise<Estimate>): Promise<number> {
  let count = 0;
  for (let seed = 0; seed < 200; seed++) {
    const { value, standardError } = await estimate(seed);
    if (Math.abs(value - truth) <= 2 * standardError) count++;
  }
  return count;
}

it.each([
  [
    'hutch++ covers the trace',
    trace,
    async (seed: number) => (await hutchPlusPlus(operator, { key: random.key(seed), products: 60 })).trace,
  ],
  [
    'the spectral density covers the mean over the spectrum',
    trace / N,
    async (seed: number) =>
      spectralMean(
        await spectralDensity(operator, { key: random.key(seed), probes: 24, steps: 2 }),
        (x) => x,
      ),
  ],
] as const)('%s as its standard errors say, over 200 seeds', async (_, truth, estimate) => {
  const count = await covered(truth, estimate);
  expect(count).toBeGreaterThanOrEqual(180);
  expect(count).toBeLessThanOrEqual(196);
});
