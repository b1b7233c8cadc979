import { beforeAll, describe, expect, it } from 'vitest';
import { init, matmul, mul, random, sum, tensor, tree, type Tensor } from '../../engine/index.ts';
import { dense, ghostBatchNorm, sequential, tanh } from '../../nn/index.ts';
import {
  classification,
  covarianceEigenpairs,
  covarianceOverN,
  denseMatrix,
  enumerateNoise,
  gradientCovarianceOperator,
  gradientMoments,
  measureGradientNoise,
  microbatches,
  minibatchCovarianceFactor,
  noiseScaleFromExamples,
  symmetricEigen,
  unitPoint,
  type GradientPoint,
  type Problem,
} from '../../stats/index.ts';
import {
  gradientsByLoop,
  inner,
  meanOf,
  numbers,
  problemOf,
  worst,
  type Batch,
} from './per-example-helpers.ts';

beforeAll(() => init({ backend: 'reference' }));

const COUNT = 6;
const model = sequential(dense(2), tanh(), dense(2));
const { params } = model.init(random.key(2), [3]);
const data: Batch = {
  x: random.normal(random.key(3), [COUNT, 3]),
  y: tensor(Int32Array.of(0, 1, 1, 0, 1, 0)),
};
const problem = problemOf(model);
const point = (size?: number) => ({ problem, params, data: microbatches(data, size) });
const code = (wanted: string): Error => expect.objectContaining({ code: wanted }) as Error;

let loop: Promise<Float64Array[]> | undefined;
const rows = (): Promise<Float64Array[]> => (loop ??= gradientsByLoop(problem, params, data));
const traceOf = (matrix: Float64Array): number => {
  const n = Math.sqrt(matrix.length);
  return Array.from({ length: n }, (_, k) => matrix[k * n + k]!).reduce((s, value) => s + value, 0);
};

describe('the covariance of minibatch gradients', () => {
  it('is C times the stated factor, by taking every batch that could be drawn, and under noise enhancement', async () => {
    const gradients = await rows();
    const c = (await denseMatrix(gradientCovarianceOperator(point(4)))).values;
    expect(worst(c, covarianceOverN(gradients))).toBeLessThan(1e-14);
    const scale = Math.max(...c.map(Math.abs));
    for (const [replacement, second, batchSize] of [
      [false, 'independent', 2],
      [false, 'disjoint', 3],
      [false, 'full', 4],
      [true, 'independent', 2],
    ] as const)
      for (const alpha of [1, 2.5]) {
        const { covariance } = enumerateNoise({ gradients, batchSize, alpha, replacement, second });
        const factor = minibatchCovarianceFactor({ count: COUNT, batchSize, alpha, replacement, second });
        expect(
          worst(
            covariance,
            c.map((value) => factor * value),
          ) / scale,
        ).toBeLessThan(1e-13);
      }
    const plain = minibatchCovarianceFactor({ count: COUNT, batchSize: 2 });
    expect(plain).toBe((COUNT - 2) / (2 * (COUNT - 1)));
    expect(minibatchCovarianceFactor({ count: COUNT, batchSize: 2, alpha: 2.5 }) / plain).toBeCloseTo(
      2.5 ** 2 + 1.5 ** 2,
      10,
    );
    expect(() =>
      minibatchCovarianceFactor({ count: 6, batchSize: 2, replacement: true, second: 'disjoint' }),
    ).toThrow(code('SAMPLING'));
    expect(() => minibatchCovarianceFactor({ count: 6, batchSize: 7 })).toThrow(code('BATCH_TOO_LARGE'));
  });
});

describe('the noise of gradients', () => {
  it('has the trace of C, the cosines and the diversity of a list of gradients', async () => {
    const gradients = await rows();
    const average = meanOf(gradients);
    const noise = await measureGradientNoise(point(4));
    expect(noise.traceOverN).toBeCloseTo(traceOf(covarianceOverN(gradients)), 13);
    expect(noise.traceOverN).toBeCloseTo((await gradientMoments(point(4))).whole.varianceOverN, 13);
    expect(noise.squaredNormOfMean).toBeCloseTo(inner(average, average), 13);
    const length = Math.sqrt(inner(average, average));
    const cosines = gradients.map((g) => inner(g, average) / Math.sqrt(inner(g, g)) / length);
    expect(worst(noise.cosinesWithMean, cosines)).toBeLessThan(1e-13);
    const squares = gradients.reduce((s, g) => s + inner(g, g), 0);
    expect(noise.diversity.diversity).toBeCloseTo(squares / COUNT ** 2 / inner(average, average), 12);
    // Of a larger set: unbiased, C by N - 1.
    expect(noise.scale.trace.value).toBeCloseTo((noise.traceOverN * COUNT) / (COUNT - 1), 12);
    expect(noise).toMatchObject({ unit: 'example', count: COUNT, microbatch: 4, policy: { kind: 'frozen' } });
  });

  it('in ghost batches is of ghost batches', async () => {
    const ghost = sequential(dense(2), ghostBatchNorm({ groupSize: 2 }), dense(2));
    const start = ghost.init(random.key(3), [3]).params;
    const at: GradientPoint<typeof start, Batch> = {
      problem: classification({
        outputs: (p, { x }) => ghost.apply(p, x, { training: true }),
        targets: ({ y }) => y,
      }),
      params: start,
      data: microbatches(data, 4),
      policy: { kind: 'ghost', groupSize: 2 },
    };
    const gradients = await gradientsByLoop(at.problem, start, data, 2);
    const noise = await measureGradientNoise(at);
    expect(noise).toMatchObject({ unit: 'ghost batch', count: 3, policy: at.policy });
    expect(noise.traceOverN).toBeCloseTo(traceOf(covarianceOverN(gradients)), 13);
    const operator = gradientCovarianceOperator(unitPoint(at));
    expect(operator.name).toContain('ghost batches of 2 examples');
    expect(worst((await denseMatrix(operator)).values, covarianceOverN(gradients))).toBeLessThan(1e-14);
    const { unit, pairs } = await covarianceEigenpairs(at, { key: random.key(1), largest: 2 });
    expect(unit).toBe('ghost batch');
    expect(pairs[0]!.value + pairs[1]!.value).toBeCloseTo(noise.traceOverN, 12);
  });
});

describe('the leading eigenpairs of C', () => {
  it('are the same through the Gram matrix and by products, and those of the matrix itself', async () => {
    const exact = symmetricEigen(covarianceOverN(await rows())).values;
    for (const method of ['gram', 'lanczos'] as const) {
      const found = await covarianceEigenpairs(point(4), { key: random.key(5), largest: 4, method });
      expect(found).toMatchObject({ method, converged: true });
      found.pairs.forEach(({ value, residual }, k) => {
        expect(Math.abs(value - exact.at(-1 - k)!) / exact.at(-1)!).toBeLessThan(1e-10);
        expect(residual / exact.at(-1)!).toBeLessThan(1e-6);
      });
      const v = found.pairs[0]!.vector;
      expect(await sum(mul(v, v)).item()).toBeCloseTo(1, 10);
    }
    const { spectrum } = await covarianceEigenpairs(point(), { key: random.key(5), largest: 1 });
    expect(spectrum!.at(-1)).toBeCloseTo(exact.at(-1)!, 12);
    expect(spectrum![0]).toBeCloseTo(0, 12);
  });

  it('are no more than the rank of C', async () => {
    await expect(covarianceEigenpairs(point(), { key: random.key(1), largest: COUNT })).rejects.toThrow(
      code('DIMENSION'),
    );
    await expect(covarianceEigenpairs(point(), { key: random.key(1), largest: 0 })).rejects.toThrow(
      code('COUNT'),
    );
  });
});

describe('the gradient noise scale', () => {
  // Gradients with covariance diag(4, 1, 1/4, 1) and mean (2, 1, 0, 1): tr Σ = 6.25, |G|² = 6.
  const deviations = [2, 1, 0.5, 1];
  const center = [2, 1, 0, 1];
  const [trace, signal] = [6.25, 6];

  it('of synthetic gradients is unbiased, and its standard errors cover the truth at two sigma over 200 seeds', async () => {
    const [seeds, n] = [200, 60];
    const draws = await numbers(random.normal(random.key(17), [seeds, n, 4]));
    const runs = Array.from({ length: seeds }, (_, seed) => {
      const gradients = Array.from({ length: n }, (_row, mu) =>
        center.map((c, k) => c + deviations[k]! * draws[(seed * n + mu) * 4 + k]!),
      );
      const average = meanOf(gradients);
      return noiseScaleFromExamples({
        squaredNorms: gradients.map((g) => inner(g, g)),
        products: gradients.map((g) => inner(g, average)),
      });
    });
    for (const [name, truth] of [
      ['trace', trace],
      ['squaredGradient', signal],
      ['noiseScale', trace / signal],
    ] as const) {
      const estimates = runs.map((run) => run[name]);
      const covered = estimates.filter(
        ({ value, standardError }) => Math.abs(value - truth) <= 2 * standardError,
      );
      expect(covered.length / seeds).toBeGreaterThanOrEqual(0.9);
      expect(covered.length / seeds).toBeLessThanOrEqual(0.98);
      const mean = estimates.reduce((s, { value }) => s + value, 0) / seeds;
      const spread = Math.sqrt(estimates.reduce((s, { value }) => s + (value - mean) ** 2, 0) / (seeds - 1));
      expect(Math.abs(mean - truth)).toBeLessThan((4 * spread) / Math.sqrt(seeds));
    }
  });

  it('measured on a model whose gradients are known is that of these gradients', async () => {
    // The gradient of x · w is x, whatever w.
    const linear: Problem<Tensor, Batch> = { losses: (w, { x }) => matmul(x, w) };
    const draws = random.normal(random.key(4), [50, 4]);
    const x = draws.mul(tensor(deviations)).add(tensor(center));
    const at = { problem: linear, params: tensor([1, 2, 3, 4]), data: microbatches({ x, y: sum(x, 1) }, 16) };
    const { scale, meanLoss } = await measureGradientNoise(at);
    const list = await numbers(x);
    const gradients = Array.from({ length: 50 }, (_, mu) => list.slice(4 * mu, 4 * mu + 4));
    const average = meanOf(gradients);
    const expected = noiseScaleFromExamples({
      squaredNorms: gradients.map((g) => inner(g, g)),
      products: gradients.map((g) => inner(g, average)),
    });
    expect(scale.noiseScale.value).toBeCloseTo(expected.noiseScale.value, 10);
    expect(Math.abs(scale.noiseScale.value - trace / signal)).toBeLessThan(
      3 * scale.noiseScale.standardError,
    );
    expect(meanLoss).toBeCloseTo(inner(average, [1, 2, 3, 4]), 10);
    expect(tree.leaves(at.params)).toHaveLength(1);
  });
});
