import { beforeAll, describe, expect, it } from 'vitest';
import {
  crossEntropyPerExample,
  grad,
  init,
  random,
  sum,
  take,
  tensor,
  tree,
  type Tensor,
} from '../../engine/index.ts';
import { mlp } from '../../nn/index.ts';
import {
  emptyMoments,
  exampleDerivatives,
  innerProduct,
  observe,
  principalDirections,
  randomDirection,
  ratio,
  readEstimates,
  squaredDistance,
  symmetricEigen,
} from '../../stats/index.ts';

beforeAll(() => init({ backend: 'reference' }));

describe('moments of a stream', () => {
  it('in groups are those of all values at once, large means notwithstanding', async () => {
    const values = Array.from({ length: 12 }, (_, k) => [1e6 + Math.sin(k), k]);
    let moments = emptyMoments([2]);
    for (const [from, to] of [
      [0, 1],
      [1, 5],
      [5, 12],
    ] as const)
      moments = observe(moments, tensor(values.slice(from, to)));
    const estimates = await readEstimates(moments);
    for (const k of [0, 1]) {
      const column = values.map((row) => row[k]!);
      const mean = column.reduce((a, b) => a + b) / 12;
      const squares = column.reduce((a, b) => a + (b - mean) ** 2, 0);
      expect(estimates[k]!.value).toBeCloseTo(mean, 8);
      expect(estimates[k]!.standardError).toBeCloseTo(Math.sqrt(squares / 11 / 12), 8);
    }
  });

  it('a ratio of variances has the standard error it claims', async () => {
    // 200 ratios of mean squares of 100 and 400 normals; the scatter of a standard deviation is 5 %.
    const squares = await random.normal(random.key(5), [200, 500]).data();
    const found = Array.from({ length: 200 }, (_, trial) => {
      const estimate = (from: number, to: number) => {
        const list = Array.from(squares.subarray(trial * 500 + from, trial * 500 + to), (x) => x * x);
        const mean = list.reduce((a, b) => a + b) / list.length;
        const variance = list.reduce((a, b) => a + (b - mean) ** 2, 0) / (list.length - 1);
        return { value: mean, standardError: Math.sqrt(variance / list.length) };
      };
      return ratio(estimate(0, 100), estimate(100, 500));
    });
    const scores = found.map(({ value, standardError }) => (value - 1) / standardError);
    const spread = Math.sqrt(scores.reduce((a, b) => a + b * b, 0) / scores.length);
    expect(spread).toBeGreaterThan(0.8);
    expect(spread).toBeLessThan(1.25);
  });
});

describe('symmetric eigensystems', () => {
  it('are found for a matrix with known ones', () => {
    const { values, vectors } = symmetricEigen([2, 1, 0, 1, 2, 0, 0, 0, 5], 3);
    [5, 3, 1].forEach((value, k) => expect(values[k]).toBeCloseTo(value, 12));
    expect(Math.abs(vectors[1]![0]!)).toBeCloseTo(Math.SQRT1_2, 12);
  });

  it('reconstruct a random matrix from orthonormal vectors', async () => {
    const n = 9;
    const raw = await random.normal(random.key(1), [n, n]).data();
    const matrix = Array.from({ length: n * n }, (_, k) => raw[k]! + raw[(k % n) * n + Math.floor(k / n)]!);
    const { values, vectors } = symmetricEigen(matrix, n);
    let worst = 0;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const rebuilt = vectors.reduce((sum, v, k) => sum + values[k]! * v[i]! * v[j]!, 0);
        worst = Math.max(worst, Math.abs(rebuilt - matrix[i * n + j]!));
      }
    expect(worst).toBeLessThan(1e-12);
    expect([...values]).toEqual([...values].sort((a, b) => b - a));
  });
});

describe('directions', () => {
  const model = mlp({ widths: [4, 3], activation: 'tanh' });
  const params = () => model.init(random.key(2), [5]).params;
  const x = () => random.normal(random.key(3), [6, 5]);
  const labels = tensor(new Int32Array([0, 1, 2, 0, 1, 2]));

  it('one pushforward gives the derivative of every example: ⟨g_μ, v⟩', async () => {
    const [p, images] = [params(), x()];
    const v = randomDirection(random.key(9), p);
    const losses = (q: typeof p): Tensor => crossEntropyPerExample(model.apply(q, images), labels);
    const derivatives = await exampleDerivatives(losses, p, v).data();
    for (let mu = 0; mu < 6; mu++) {
      const g = grad((q: typeof p) => sum(take(losses(q), tensor(Int32Array.of(mu)))))(p);
      expect(derivatives[mu]).toBeCloseTo(await innerProduct(g, v).item(), 12);
    }
  });

  it('a random direction has length 1 and depends on its key', async () => {
    const [p, q] = [randomDirection(random.key(1), params()), randomDirection(random.key(2), params())];
    expect(await innerProduct(p, p).item()).toBeCloseTo(1, 12);
    expect(Math.abs(await innerProduct(p, q).item())).toBeLessThan(0.7);
    expect(await squaredDistance(p, q).item()).toBeCloseTo(2 - 2 * (await innerProduct(p, q).item()), 12);
  });

  it('principal directions are orthonormal and carry the largest mean squares of the sample', async () => {
    // Vectors a e1 + b e2 with mean squares 9 and 1, spread over two leaves.
    const noises = [
      [3, 1],
      [-3, 1],
      [3, -1],
      [-3, -1],
    ].map(([a, b]) => ({ first: tensor([a!, 0]), second: tensor([[0, b!]]) }));
    const { directions, meanSquares } = await principalDirections(noises, 2);
    expect(meanSquares[0]).toBeCloseTo(9, 10);
    expect(meanSquares[1]).toBeCloseTo(1, 10);
    const vectors = await Promise.all(directions.map(async (d) => [...(await tree.ravel(d)[0].data())]));
    [
      [1, 0, 0, 0],
      [0, 0, 0, 1],
    ].forEach((axis, k) => axis.forEach((c, i) => expect(Math.abs(vectors[k]![i]!)).toBeCloseTo(c, 10)));
  });
});
