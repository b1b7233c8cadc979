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

async function expectCoverage(truth: number, estimate: (seed: number) => Promise<Estimate>): Promise<void> {
  let covered = 0;
  for (let seed = 0; seed < 200; seed++) {
    const { value, standardError } = await estimate(seed);
    if (Math.abs(value - truth) <= 2 * standardError) covered++;
  }
  expect(covered).toBeGreaterThanOrEqual(180);
  expect(covered).toBeLessThanOrEqual(196);
}

it('hutch++ covers the trace as its standard errors say, over 200 seeds', () =>
  expectCoverage(
    trace,
    async (seed) => (await hutchPlusPlus(operator, { key: random.key(seed), products: 60 })).trace,
  ));

it('the spectral density covers the mean of f over the spectrum as its standard errors say, over 200 seeds', () =>
  expectCoverage(trace / N, async (seed) =>
    spectralMean(await spectralDensity(operator, { key: random.key(seed), probes: 24, steps: 2 }), (x) => x),
  ));
