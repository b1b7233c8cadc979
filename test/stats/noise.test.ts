import { beforeAll, describe, expect, it } from 'vitest';
import { crossEntropy, grad, init, random, take, tensor, tree, type Tensor } from '../../engine/index.ts';
import { mlp } from '../../nn/index.ts';
import { noiseEnhanced } from '../../optim/index.ts';
import {
  covarianceOverN,
  disjointFactor,
  enumerateNoise,
  finitePopulationFactor,
  neFactor,
  subsets,
} from '../../stats/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const model = mlp({ widths: [2, 3], activation: 'tanh' });
type Params = ReturnType<typeof model.init>['params'];

function problem(count: number): { params: Params; loss: (p: Params, batch: Tensor, w: Tensor) => Tensor } {
  const x = random.normal(random.key(3), [count, 2]);
  const labels = tensor(Int32Array.from({ length: count }, (_, i) => (i * i) % 3));
  return {
    params: model.init(random.key(4), [2]).params,
    loss: (p, batch, w) => crossEntropy(model.apply(p, take(x, batch)), take(labels, batch), w),
  };
}

const indices = (list: readonly number[]): Tensor => tensor(Int32Array.from(list));
const flat = async (gradient: Params): Promise<Float64Array> =>
  Float64Array.from(await tree.ravel(gradient)[0].data());

/** The gradient of every example, by the engine's own pullback in float64. */
async function exampleGradients(count: number): Promise<Float64Array[]> {
  const { params, loss } = problem(count);
  const one = tensor([1]);
  return Promise.all(
    Array.from({ length: count }, (_, i) => flat(grad((p: Params) => loss(p, indices([i]), one))(params))),
  );
}

const largest = (list: Iterable<number>): number => Math.max(...Array.from(list, Math.abs));
const apart = (a: Float64Array, b: Float64Array): number => largest(a.map((x, k) => x - b[k]!));

describe('the noise of enhanced gradients, by enumeration', () => {
  it('through the real code path, all 15 x 15 pairs of N = 6, B = 2, has mean 0 and the predicted covariance', async () => {
    const { params, loss } = problem(6);
    const covariance = covarianceOverN(await exampleGradients(6));
    const mean = await flat(
      grad((p: Params) => loss(p, indices([0, 1, 2, 3, 4, 5]), tensor(Array<number>(6).fill(1 / 6))))(params),
    );
    for (const [alpha, form] of [
      [1.5, 'one-pass'],
      [2.5, 'two-pass'],
    ] as const) {
      const gradient = noiseEnhanced({ alpha, form }).gradient(loss);
      const noises: Float64Array[] = [];
      for (const a of subsets(6, 2))
        for (const b of subsets(6, 2)) {
          const d = await flat(gradient(params, indices(a), indices(b))[1]);
          noises.push(d.map((x, k) => x - mean[k]!));
        }
      expect(noises.length).toBe(225);
      const average = mean.map((_, k) => noises.reduce((sum, noise) => sum + noise[k]!, 0) / 225);
      expect(largest(average)).toBeLessThan(1e-14);
      const factor = neFactor(alpha) * finitePopulationFactor(6, 2);
      const predicted = covariance.map((c) => c * factor);
      expect(apart(covarianceOverN(noises), predicted)).toBeLessThan(1e-10 * largest(predicted));
    }
  });

  it('has the factor α² + (1 - α)² of the plain one for every α', async () => {
    const gradients = await exampleGradients(6);
    const plain = enumerateNoise({ gradients, batchSize: 2 });
    const predicted = covarianceOverN(gradients).map((c) => c * finitePopulationFactor(6, 2));
    expect(apart(plain.covariance, predicted)).toBeLessThan(1e-10 * largest(predicted));
    for (const alpha of [-1, 0, 0.5, 1, 1.5, 2, 3, 11]) {
      const noise = enumerateNoise({ gradients, batchSize: 2, alpha });
      expect(noise.pairs).toBe(225);
      expect(largest(noise.mean)).toBeLessThan(1e-13 * (1 + Math.abs(alpha)));
      const scaled = plain.covariance.map((c) => c * neFactor(alpha));
      expect(apart(noise.covariance, scaled)).toBeLessThan(1e-10 * largest(scaled));
    }
  });

  it('with replacement has covariance C/B, times the same factor', async () => {
    const gradients = await exampleGradients(4);
    const noise = enumerateNoise({ gradients, batchSize: 2, alpha: 1.5, replacement: true });
    expect(noise.pairs).toBe(256);
    const predicted = covarianceOverN(gradients).map((c) => (c / 2) * 2.5);
    expect(apart(noise.covariance, predicted)).toBeLessThan(1e-10 * largest(predicted));
  });

  it('of disjoint batches is larger: 3.143 at α = 1.5 and 11.714 at 2.5 for N = 20, B = 6', async () => {
    expect(disjointFactor(1.5, 20, 6)).toBeCloseTo(3.143, 3);
    expect(disjointFactor(2.5, 20, 6)).toBeCloseTo(11.714, 3);
    const gradients = await exampleGradients(6);
    for (const [batchSize, alpha] of [
      [2, 1.5],
      [3, 2.5],
    ] as const) {
      const plain = enumerateNoise({ gradients, batchSize });
      const noise = enumerateNoise({ gradients, batchSize, alpha, second: 'disjoint' });
      const predicted = plain.covariance.map((c) => c * disjointFactor(alpha, 6, batchSize));
      expect(apart(noise.covariance, predicted)).toBeLessThan(1e-10 * largest(predicted));
    }
    expect(disjointFactor(2.5, 12, 6)).toBeCloseTo((2 * 2.5 - 1) ** 2, 12);
  });

  it('of the naive form has the factor α²', async () => {
    const gradients = await exampleGradients(6);
    const plain = enumerateNoise({ gradients, batchSize: 2 });
    const naive = enumerateNoise({ gradients, batchSize: 2, alpha: 3, second: 'full' });
    const predicted = plain.covariance.map((c) => 9 * c);
    expect(apart(naive.covariance, predicted)).toBeLessThan(1e-10 * largest(predicted));
  });

  it('is 0 at B = N for every α', async () => {
    const gradients = await exampleGradients(5);
    for (const alpha of [1, 3])
      expect(largest(enumerateNoise({ gradients, batchSize: 5, alpha }).covariance)).toBeLessThan(1e-28);
    expect(finitePopulationFactor(5, 5)).toBe(0);
  });
});

describe('predictions', () => {
  it('the factor is symmetric about ½, least there, and has its published values', () => {
    [1.5, 2, 2.5, 3, 5, 10, 11].forEach((alpha, k) =>
      expect(neFactor(alpha)).toBeCloseTo([2.5, 5, 8.5, 13, 41, 181, 221][k]!, 12),
    );
    for (const alpha of [-2, 0.1, 0.5, 4]) expect(neFactor(alpha)).toBeCloseTo(neFactor(1 - alpha), 12);
    expect(neFactor(0.5)).toBe(0.5);
    expect(neFactor(0.9)).toBeLessThan(1);
    expect(neFactor(-0.1)).toBeGreaterThan(1);
  });

  it('refuses batches that cannot be drawn', () => {
    for (const f of [
      () => finitePopulationFactor(5, 6),
      () => disjointFactor(2, 5, 3),
      () => enumerateNoise({ gradients: [[1], [2]], batchSize: 3 }),
    ])
      expect(f).toThrow(expect.objectContaining({ code: 'BATCH_TOO_LARGE' }));
    expect(() => enumerateNoise({ gradients: Array<number[]>(40).fill([1]), batchSize: 4 })).toThrow(
      expect.objectContaining({ code: 'ENUMERATION_TOO_LARGE' }),
    );
  });
});
