import { beforeAll, describe, expect, it } from 'vitest';
import { init, random, tensor, type Tensor } from '../../engine/index.ts';
import { mlp } from '../../nn/index.ts';
import {
  classification,
  covarianceOverN,
  dataNoiseScale,
  denseMatrix,
  gradientCovarianceOperator,
  meanGradient,
  microbatches,
  noiseScaleFromExamples,
  noiseScaleFromPairs,
  sgdNoiseScale,
  subsets,
  type NoiseScale,
  type SampleNoise,
} from '../../stats/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const code = (wanted: string): Error => expect.objectContaining({ code: wanted }) as Error;

// Gradients g = G + σ z in 20 dimensions: |G|² = 4 and tr Σ = Σ σ_k² = 30.
const DIMENSION = 20;
const mean = Array.from({ length: DIMENSION }, (_, k) => (k === 0 ? 2 : 0));
const sigma = Array.from({ length: DIMENSION }, (_, k) => Math.sqrt(k < 10 ? 2.5 : 0.5));
const [TRACE, SQUARED] = [30, 4];

/** Normals of a seed on the host (mulberry32, Box and Muller): these tests draw a million. */
function normals(seed: number, count: number): number[] {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

/** Draws of a seed: [count] rows, each a gradient. */
function gradients(seed: number, count: number): number[][] {
  const z = normals(seed * 7919, count * DIMENSION);
  return Array.from({ length: count }, (_, i) => mean.map((g, k) => g + sigma[k]! * z[i * DIMENSION + k]!));
}

const average = (rows: readonly (readonly number[])[]): number[] =>
  rows[0]!.map((_, k) => rows.reduce((sum, row) => sum + row[k]!, 0) / rows.length);
const inner = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, k) => sum + x * b[k]!, 0);

const fromPairs = (rows: number[][]): NoiseScale => {
  const pairs = Array.from({ length: 40 }, (_, k) => {
    const parts = [0, 1, 2, 3].map((j) => average(rows.slice(8 * k + 2 * j, 8 * k + 2 * j + 2)));
    const large = average(parts);
    return { small: parts.reduce((sum, g) => sum + inner(g, g) / 4, 0), large: inner(large, large) };
  });
  return noiseScaleFromPairs(pairs, { small: 2, large: 8 });
};

const fromExamples = (rows: number[][]): SampleNoise => {
  const center = average(rows);
  return noiseScaleFromExamples({
    squaredNorms: rows.map((g) => inner(g, g)),
    products: rows.map((g) => inner(g, center)),
  });
};

describe('the gradient noise scale', () => {
  it.each([
    ['two batch sizes', fromPairs],
    ['the norms of single examples', fromExamples],
  ] as const)('from %s is unbiased and covers the truth over 200 seeds', (_, estimate) => {
    const found = Array.from({ length: 200 }, (_unused, seed) => estimate(gradients(seed, 320)));
    for (const [name, truth] of [
      ['trace', TRACE],
      ['squaredGradient', SQUARED],
      ['noiseScale', TRACE / SQUARED],
    ] as const) {
      const values = found.map((one) => one[name].value);
      const center = values.reduce((sum, x) => sum + x, 0) / 200;
      const error = Math.sqrt(values.reduce((sum, x) => sum + (x - center) ** 2, 0) / 199 / 200);
      expect(Math.abs(center - truth), name).toBeLessThan(3 * error);
      const covered = found.filter(
        (one) => Math.abs(one[name].value - truth) <= 2 * one[name].standardError,
      ).length;
      expect(covered, name).toBeGreaterThanOrEqual(180);
      expect(covered, name).toBeLessThanOrEqual(196);
    }
  });

  it('from single examples leaves each out exactly, and knows the sample itself', () => {
    const rows = gradients(1, 6);
    const center = average(rows);
    const found = fromExamples(rows);
    const c = covarianceOverN(rows);
    const trace = Array.from({ length: DIMENSION }, (_, k) => c[k * DIMENSION + k]!).reduce((a, b) => a + b);
    expect(found.traceOverN).toBeCloseTo(trace, 12);
    expect(found.squaredMean).toBeCloseTo(inner(center, center), 12);
    expect(found.trace.value).toBeCloseTo((trace * 6) / 5, 10);
    expect(found.squaredGradient.value).toBeCloseTo(inner(center, center) - trace / 5, 10);
  });

  it('of a population of which all were seen is that of the population, without error', () => {
    const rows = gradients(2, 9);
    const center = average(rows);
    const norms = {
      squaredNorms: rows.map((g) => inner(g, g)),
      products: rows.map((g) => inner(g, center)),
    };
    const found = noiseScaleFromExamples(norms, { population: 9 });
    const [trace, squared] = [found.traceOverN, found.squaredMean];
    expect(found.trace.value).toBeCloseTo(trace, 10);
    expect(found.squaredGradient.value).toBeCloseTo(squared, 10);
    expect(found.noiseScale.value).toBeCloseTo(trace / squared, 10);
    expect(found.noiseScale.standardError).toBe(0);
    const half = noiseScaleFromExamples(norms, { population: 18 });
    const none = noiseScaleFromExamples(norms);
    expect(half.trace.standardError / none.trace.standardError).toBeCloseTo(Math.sqrt(0.5) * (17 / 18), 10);
    expect(() => noiseScaleFromExamples(norms, { population: 8 })).toThrow(code('COUNT'));
  });

  it('from a sample of a finite population is unbiased: exactly so over all samples', () => {
    const rows = gradients(3, 7);
    const center = average(rows);
    const trace = rows.reduce((sum, g) => sum + inner(g, g) / 7, 0) - inner(center, center);
    const samples = subsets(7, 3).map((chosen) => {
      const some = chosen.map((k) => rows[k]!);
      const mean3 = average(some);
      return noiseScaleFromExamples(
        { squaredNorms: some.map((g) => inner(g, g)), products: some.map((g) => inner(g, mean3)) },
        { population: 7 },
      );
    });
    const over = (pick: (one: NoiseScale) => number): number =>
      samples.reduce((sum, one) => sum + pick(one), 0) / samples.length;
    expect(over(({ trace: { value } }) => value)).toBeCloseTo(trace, 10);
    expect(over(({ squaredGradient: { value } }) => value)).toBeCloseTo(inner(center, center), 10);
  });

  it('is infinite, as is its error, where the noise hides the signal', () => {
    const pairs = [3, 5, 4].map((small) => ({ small, large: small / 4 }));
    const { noiseScale, trace } = noiseScaleFromPairs(pairs, { small: 2, large: 8 });
    expect(noiseScale).toEqual({ value: Infinity, standardError: Infinity });
    expect(trace.value).toBeCloseTo(8, 12);
  });

  it('of a data set is tr C / |G|² of that set', async () => {
    const model = mlp({ widths: [3, 2], activation: 'tanh' });
    const { params } = model.init(random.key(2), [2]);
    type Batch = { readonly x: Tensor; readonly y: Tensor };
    const problem = classification<typeof params, Batch>({
      outputs: (p, { x }) => model.apply(p, x),
      targets: ({ y }) => y,
    });
    const x = random.normal(random.key(3), [9, 2]);
    const y = tensor(Int32Array.from({ length: 9 }, (_, k) => k % 2));
    const point = { problem, params, data: microbatches({ x, y }, 4) };
    const { values, dimension } = await denseMatrix(gradientCovarianceOperator(point));
    const trace = Array.from({ length: dimension }, (_, k) => values[k * dimension + k]!).reduce(
      (a, b) => a + b,
    );
    const gradient = Array.from(await (await meanGradient(point)).gradient.data());
    const found = await dataNoiseScale(point, { key: random.key(5), probes: 40 });
    expect(found.squaredGradient).toBeCloseTo(inner(gradient, gradient), 12);
    expect(Math.abs(found.trace.value - trace) / found.trace.standardError).toBeLessThan(3);
    const truth = trace / found.squaredGradient;
    expect(Math.abs(found.noiseScale.value - truth) / found.noiseScale.standardError).toBeLessThan(3);
  });

  it('refuses what it cannot be estimated from', () => {
    const pair = { small: 2, large: 1 };
    expect(() => noiseScaleFromPairs([pair, pair], { small: 8, large: 8 })).toThrow(code('BATCH_SIZE'));
    expect(() => noiseScaleFromPairs([pair], { small: 1, large: 8 })).toThrow(code('COUNT'));
    expect(() => noiseScaleFromPairs([pair, { small: NaN, large: 1 }], { small: 1, large: 8 })).toThrow(
      code('NON_FINITE'),
    );
    expect(() => noiseScaleFromExamples({ squaredNorms: [1, 2], products: [1, 2] })).toThrow(code('COUNT'));
    expect(() => noiseScaleFromExamples({ squaredNorms: [1, 2, 3], products: [1] })).toThrow(code('SHAPE'));
  });
});

describe('the noise scale of SGD', () => {
  it('is ε (N/B - 1) / (1 - m), and 0 for the whole set', () => {
    const settings = { learningRate: 0.1, examples: 1000, batchSize: 10 };
    expect(sgdNoiseScale(settings)).toBeCloseTo(9.9, 12);
    expect(sgdNoiseScale({ ...settings, momentum: 0.9 })).toBeCloseTo(99, 10);
    expect(sgdNoiseScale({ ...settings, batchSize: 1000, momentum: 0.5 })).toBe(0);
    expect(() => sgdNoiseScale({ ...settings, batchSize: 1001 })).toThrow(code('BATCH_TOO_LARGE'));
    expect(() => sgdNoiseScale({ ...settings, momentum: 1 })).toThrow(code('MOMENTUM'));
  });
});
