import { beforeAll, describe, expect, it } from 'vitest';
import { init, random, tensor } from '../../engine/index.ts';
import {
  alignment,
  estimateDiagonal,
  hutchinson,
  hutchPlusPlus,
  lanczos,
  matrixOperator,
  rayleighQuotients,
  subspaceOverlap,
  type Estimate,
  type LinearOperator,
} from '../../stats/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const code = (wanted: string): Error => expect.objectContaining({ code: wanted }) as Error;

const N = 12;
/** Elements of a symmetric matrix with a few large eigenvalues. */
const element = (i: number, j: number): number =>
  Math.cos(i * j) + (i === j ? i : 0) + 3 * Math.sin(i + 1) * Math.sin(j + 1);
const matrixOf = (f: (i: number, j: number) => number): Float64Array =>
  Float64Array.from({ length: N * N }, (_, ij) => f(Math.floor(ij / N), ij % N));
const operatorOf = (f: (i: number, j: number) => number): LinearOperator =>
  matrixOperator(tensor(matrixOf(f), [N, N]));
const total = (list: Iterable<number>): number => Array.from(list).reduce((sum, x) => sum + x, 0);

const trace = total(Array.from({ length: N }, (_, i) => element(i, i)));
const squaredNorm = total(matrixOf(element).map((x) => x * x));

const SEEDS = 200;
/** How often an estimate is within two of its standard errors of the truth, for 200 keys. */
async function coverage(estimate: (seed: number) => Promise<Estimate>, truth: number): Promise<number> {
  let covered = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const { value, standardError } = await estimate(seed);
    if (Math.abs(value - truth) <= 2 * standardError) covered++;
  }
  return covered / SEEDS;
}

describe('hutchinson', () => {
  it('of trace and Frobenius norm covers the truth as its standard errors say, over 200 seeds', async () => {
    const operator = operatorOf(element);
    const results = await Promise.all(
      Array.from({ length: SEEDS }, (_, seed) => hutchinson(operator, { key: random.key(seed), probes: 24 })),
    );
    for (const [pick, truth] of [
      [(r: (typeof results)[number]) => r.trace, trace],
      [(r: (typeof results)[number]) => r.squaredFrobeniusNorm, squaredNorm],
    ] as const) {
      const share = await coverage(async (seed) => pick(results[seed]!), truth);
      expect(share).toBeGreaterThanOrEqual(0.9);
      expect(share).toBeLessThanOrEqual(0.98);
      // Unbiased: the mean of all is within three of its own errors.
      const values = results.map((r) => pick(r).value);
      const mean = total(values) / SEEDS;
      const spread = Math.sqrt(total(values.map((x) => (x - mean) ** 2)) / (SEEDS - 1) / SEEDS);
      expect(Math.abs(mean - truth)).toBeLessThan(3 * spread);
    }
  });

  it('has no scatter with signs on a diagonal matrix, and has it with normal probes', async () => {
    const diagonal = operatorOf((i, j) => (i === j ? i : 0));
    const options = { key: random.key(1), probes: 5 };
    expect((await hutchinson(diagonal, options)).trace).toEqual({ value: 66, standardError: 0 });
    const normal = await hutchinson(diagonal, { ...options, distribution: 'gaussian', probes: 50 });
    expect(normal.trace.standardError).toBeGreaterThan(1);
    expect(Math.abs(normal.trace.value - 66) / normal.trace.standardError).toBeLessThan(3);
  });

  it('is a function of its key; one probe has an error that is not known; NaN is an error', async () => {
    const operator = operatorOf(element);
    const by = async (seed: number, probes = 4) => hutchinson(operator, { key: random.key(seed), probes });
    expect(await by(1)).toEqual(await by(1));
    expect((await by(1)).trace.value).not.toBe((await by(2)).trace.value);
    expect((await by(1, 1)).trace.standardError).toBe(Infinity);
    await expect(by(1, 0)).rejects.toThrow(code('COUNT'));
    const broken = operatorOf((i, j) => (i === 3 && j === 3 ? NaN : 1));
    await expect(hutchinson(broken, { key: random.key(1) })).rejects.toThrow(code('NON_FINITE'));
    await expect(estimateDiagonal(broken, { key: random.key(1) })).rejects.toThrow(code('NON_FINITE'));
    await expect(hutchPlusPlus(broken, { key: random.key(1) })).rejects.toThrow(code('NON_FINITE'));
  });
});

describe('hutch++', () => {
  it('is exact where the range is small, and beats hutchinson where few eigenvalues dominate', async () => {
    const rankTwo = operatorOf((i, j) => Math.sin(i + 1) * Math.sin(j + 1) + i * j);
    const exact = total(Array.from({ length: N }, (_, i) => Math.sin(i + 1) ** 2 + i * i));
    const found = await hutchPlusPlus(rankTwo, { key: random.key(1), products: 15 });
    expect(found.rank).toBe(2);
    expect(found.trace.value).toBeCloseTo(exact, 10);
    expect(found.trace.standardError).toBeLessThan(1e-12);
    const plain = await hutchinson(rankTwo, { key: random.key(1), probes: 15 });
    expect(plain.trace.standardError).toBeGreaterThan(10);
    await expect(hutchPlusPlus(rankTwo, { key: random.key(1), products: 5 })).rejects.toThrow(code('COUNT'));
  });
});

describe('the diagonal', () => {
  it('is estimated with a standard error per element', async () => {
    const { values, standardErrors } = await estimateDiagonal(operatorOf(element), {
      key: random.key(3),
      probes: 40,
    });
    const [found, errors] = [await values.data(), await standardErrors.data()];
    const scores = Array.from(found, (value, i) => (value - element(i, i)) / errors[i]!);
    expect(Math.max(...scores.map(Math.abs))).toBeLessThan(4);
    expect(total(scores.map((x) => x * x)) / N).toBeGreaterThan(0.2);
    await expect(estimateDiagonal(operatorOf(element), { key: random.key(3), probes: 1 })).rejects.toThrow(
      code('COUNT'),
    );
  });
});

describe('alignment', () => {
  it('is 1 for proportional matrices and 0 for orthogonal ones', async () => {
    const a = operatorOf(element);
    const same = await alignment(
      a,
      operatorOf((i, j) => 7 * element(i, j)),
      { key: random.key(1), probes: 4 },
    );
    expect(same.cosine.value).toBeCloseTo(1, 12);
    expect(same.cosine.standardError).toBeLessThan(1e-12);
    const [left, right] = [
      operatorOf((i, j) => (i === j && i < 6 ? 1 : 0)),
      operatorOf((i, j) => (i === j && i >= 6 ? 1 : 0)),
    ];
    expect((await alignment(left, right, { key: random.key(1) })).cosine.value).toBeCloseTo(0, 12);
  });

  it('covers the truth as its standard errors say, over 200 seeds', async () => {
    const other = (i: number, j: number): number => Math.cos(i + j) + (i === j ? 4 : 0);
    const [a, b] = [matrixOf(element), matrixOf(other)];
    const product = total(a.map((x, k) => x * b[k]!));
    const truth = product / Math.sqrt(squaredNorm * total(b.map((x) => x * x)));
    const [left, right] = [operatorOf(element), operatorOf(other)];
    const share = await coverage(
      async (seed) => (await alignment(left, right, { key: random.key(seed), probes: 24 })).cosine,
      truth,
    );
    expect(share).toBeGreaterThanOrEqual(0.9);
    expect(share).toBeLessThanOrEqual(0.98);
  });

  it('along eigenvectors, vᵀ A v are the eigenvalues, and a space overlaps with itself entirely', async () => {
    const operator = operatorOf(element);
    const { largest } = await lanczos(operator, { key: random.key(1), largest: 3 });
    const vectors = largest.map(({ vector }) => vector!);
    const quotients = await rayleighQuotients(operator, vectors);
    quotients.forEach((value, k) => expect(value).toBeCloseTo(largest[k]!.value, 8));
    expect(await subspaceOverlap(vectors, vectors.toReversed())).toBeCloseTo(1, 10);
    await expect(subspaceOverlap(vectors, [])).rejects.toThrow(code('SHAPE'));
    const wide = matrixOperator(tensor([[1]]));
    await expect(alignment(operator, wide, { key: random.key(1) })).rejects.toThrow(code('DIMENSION'));
  });
});
