import { beforeAll, describe, expect, it } from 'vitest';
import {
  crossEntropyPerExample,
  grad,
  init,
  mul,
  random,
  sum,
  take,
  tensor,
  tree,
  type Tensor,
} from '../../engine/index.ts';
import { mlp } from '../../nn/index.ts';
import {
  covarianceOverN,
  covarianceProduct,
  emptyMoments,
  exampleDerivatives,
  innerProduct,
  observe,
  powerStep,
  randomDirection,
  ratio,
  readEstimates,
  squaredDistance,
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

  it('the product with C is that of the covariance of the per-example gradients', async () => {
    const [p, images] = [params(), x()];
    const v = randomDirection(random.key(9), p);
    const losses = (q: typeof p): Tensor => crossEntropyPerExample(model.apply(q, images), labels);
    const flat = async (t: typeof p): Promise<Float64Array> =>
      Float64Array.from(await tree.ravel(t)[0].data());
    const gradients = await Promise.all(
      Array.from({ length: 6 }, (_, mu) =>
        flat(grad((q: typeof p) => sum(take(losses(q), tensor(Int32Array.of(mu)))))(p)),
      ),
    );
    const c = covarianceOverN(gradients);
    const direction = await flat(v);
    const product = await flat(covarianceProduct(losses, p, v));
    product.forEach((value, i) => {
      const expected = direction.reduce((total, vj, j) => total + c[i * direction.length + j]! * vj, 0);
      expect(value).toBeCloseTo(expected, 12);
    });
  });

  it('the power method finds the leading directions one after the other, and says how far it is', async () => {
    const diagonal = { a: tensor([5, 1]), b: tensor([2]) };
    const product = (v: typeof diagonal): typeof diagonal => tree.map(mul, diagonal, v);
    const found: (typeof diagonal)[] = [];
    for (const eigenvalue of [5, 2]) {
      let v = randomDirection(random.key(1), diagonal);
      for (let t = 0; t < 40; t++) v = powerStep(product, v, found).direction;
      const { value, residual } = powerStep(product, v, found);
      expect(await value.item()).toBeCloseTo(eigenvalue, 10);
      expect(await residual.item()).toBeLessThan(1e-8);
      found.push(v);
    }
    expect(Math.abs(await innerProduct(found[0]!, found[1]!).item())).toBeLessThan(1e-12);
  });
});
