/**
 * Distributions at pinned seeds. Thresholds are quantiles of the null distribution at p < 1e-6, so that a correct
 * generator passes for nearly every seed and these tests for theirs, always.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { grad, init, LangevinError, random, zeros, type Tensor } from '../../engine/index.ts';
import { erfReference } from '../../engine/ops/special.ts';

beforeAll(() => init({ backend: 'reference' }));

async function numbers(x: Tensor): Promise<number[]> {
  return [...(await x.data())];
}

/** Kolmogorov and Smirnov's statistic √n sup |F_n - F|. P(D > 2.7) = 2 exp(-2 · 2.7²) = 9e-7. */
function kolmogorov(values: readonly number[], distribution: (x: number) => number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  const gaps = sorted.map((x, i) => Math.max(distribution(x) - i / n, (i + 1) / n - distribution(x)));
  return Math.sqrt(n) * Math.max(...gaps);
}
const KOLMOGOROV = 2.7;
/** Standard deviations beyond which a normal variable is found with probability 1e-6. */
const SIGMAS = 4.9;

const normalCdf = (x: number): number => 0.5 * (1 + erfReference(x / Math.SQRT2));
const COUNT = 40_000;
const SEEDS = [0, 1, 2 ** 40 + 3];

describe.each(SEEDS)('from seed %d', (seed) => {
  test('uniform numbers are multiples of 2^-24 in [0, 1), uniformly', async () => {
    const values = await numbers(random.uniform(random.key(seed), [COUNT]));
    expect(values.filter((x) => !(x >= 0 && x < 1 && Number.isInteger(x * 2 ** 24)))).toEqual([]);
    expect(kolmogorov(values, (x) => x)).toBeLessThan(KOLMOGOROV);
    // Every one of the 24 bits is fair.
    for (let bit = 0; bit < 24; bit++) {
      const ones = values.filter((x) => Math.floor(x * 2 ** (bit + 1)) % 2 === 1).length;
      expect(Math.abs(ones - COUNT / 2)).toBeLessThan((SIGMAS * Math.sqrt(COUNT)) / 2);
    }
  });

  test('normal numbers pass Kolmogorov and Smirnov, and have the moments of a normal', async () => {
    const values = await numbers(random.normal(random.key(seed), [COUNT]));
    expect(kolmogorov(values, normalCdf)).toBeLessThan(KOLMOGOROV);
    const moment = (power: number): number => values.reduce((sum, x) => sum + x ** power, 0) / COUNT;
    // Means and variances of x^k: E x^k, and E x^2k - (E x^k)².
    const moments: readonly (readonly [number, number, number])[] = [
      [1, 0, 1],
      [2, 1, 2],
      [3, 0, 15],
      [4, 3, 96],
    ];
    for (const [power, mean, variance] of moments)
      expect(Math.abs(moment(power) - mean)).toBeLessThan(SIGMAS * Math.sqrt(variance / COUNT));
    expect(values.filter((x) => !(Math.abs(x) < 5.3))).toEqual([]);
  });

  test('Bernoulli is true with its probability', async () => {
    for (const probability of [0, 0.1, 0.5, 1]) {
      const values = await numbers(random.bernoulli(random.key(seed), probability, [COUNT]));
      const trues = values.reduce((sum, x) => sum + x, 0);
      const deviation = SIGMAS * Math.sqrt(COUNT * probability * (1 - probability));
      expect(Math.abs(trues - COUNT * probability)).toBeLessThanOrEqual(deviation);
    }
  });

  test.each([0, 1, 2, 17, 1000])('a permutation of %i holds every number once', async (count) => {
    const permuted = random.permutation(random.key(seed), count);
    expect(permuted.dtype).toBe('i32');
    const values = await numbers(permuted);
    expect(values.toSorted((a, b) => a - b)).toEqual([...Array(count).keys()]);
    // Fixed points of a random permutation are Poisson(1): more than 12 have probability 1e-10.
    expect(values.filter((x, i) => x === i).length).toBeLessThanOrEqual(12);
  });
});

test('the inverse error function behind the normals is accurate to 1e-6 of its value', async () => {
  const values = (await numbers(random.normal(random.key(9), [2000]))).filter((x) => Math.abs(x) > 1e-3);
  // Back through the distribution, each must be an odd multiple of 2^-23 of what it was drawn from.
  for (const x of values) {
    const u = erfReference(x / Math.SQRT2);
    const drawn = (2 * Math.floor((u * 2 ** 23) / 2) + 1) / 2 ** 23;
    const neighbour = u > drawn ? drawn + 2 ** -22 : drawn - 2 ** -22;
    const error = Math.min(Math.abs(u - drawn), Math.abs(u - neighbour));
    const slope = ((2 / Math.sqrt(Math.PI)) * Math.exp((-x * x) / 2)) / Math.SQRT2;
    expect(error).toBeLessThan(1e-6 * Math.abs(x) * slope + 2 ** -40);
  }
});

describe('a random tensor', () => {
  test('is a function of its key: the same key, the same numbers', async () => {
    const key = random.key(4);
    expect(await numbers(random.normal(key, [10]))).toEqual(
      await numbers(random.normal(random.key(4), [10])),
    );
    expect(await numbers(random.normal(key, [10]))).not.toEqual(
      await numbers(random.normal(random.key(5), [10])),
    );
  });

  test('scales to an interval, with the same underlying numbers', async () => {
    const [unit, scaled] = await Promise.all([
      numbers(random.uniform(random.key(6), [100])),
      numbers(random.uniform(random.key(6), [100], -2, 3)),
    ]);
    scaled.forEach((x, i) => expect(x).toBeCloseTo(unit[i]! * 5 - 2, 12));
  });

  test('is a constant of differentiation', async () => {
    const f = (x: Tensor): Tensor => x.mul(random.normal(random.key(1), [3])).sum();
    expect(await numbers(grad(f)(zeros([3])))).toEqual(await numbers(random.normal(random.key(1), [3])));
  });

  test.each([-1, 0.5, 2 ** 53, Number.NaN, Infinity])('refuses the seed %d', (seed) => {
    expect(() => random.key(seed)).toThrow(LangevinError);
  });
});
