import { beforeAll, describe, expect, it } from 'vitest';
import {
  add,
  dot,
  init,
  mean,
  mul,
  random,
  reshape,
  square,
  sub,
  sum,
  tensor,
  tree,
  zeros,
  type Tensor,
} from '../../engine/index.ts';
import { accuracy, mlp } from '../../nn/index.ts';
import {
  classification,
  evaluation,
  filterNormalized,
  gaussianDirection,
  hessianOperator,
  lanczos,
  lineBetween,
  microbatches,
  planeAround,
  randomFilterDirection,
  sharpness,
  spaced,
  type Problem,
} from '../../stats/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const code = (wanted: string): Error => expect.objectContaining({ code: wanted }) as Error;

type Batch = { readonly x: Tensor; readonly y: Tensor };
const model = mlp({ widths: [4, 3], activation: 'tanh' });
const from = model.init(random.key(1), [5]).params;
const to = model.init(random.key(2), [5]).params;
const data = {
  x: random.normal(random.key(3), [10, 5]),
  y: tensor(Int32Array.from({ length: 10 }, (_, k) => (k * k) % 3)),
};
const problem = classification<typeof from, Batch>({
  outputs: (p, { x }) => model.apply(p, x),
  targets: ({ y }) => y,
});
const point = { problem, params: from, data: microbatches(data, 4) };

/** f(w) = ½ wᵀ A w - bᵀ w + 3 by examples, all of them the same. */
function quadratic(curvature: readonly number[], slope: readonly number[] = curvature.map(() => 0)) {
  const f: Problem<Tensor, Batch> = {
    losses: (w, { y }) => {
      const value = sub(mul(sum(mul(tensor(curvature), square(w))), 0.5), dot(tensor(slope), w));
      return add(mul(y, 0), add(value, 3));
    },
  };
  return {
    problem: f,
    params: zeros([curvature.length]),
    data: microbatches({ x: zeros([2]), y: zeros([2]) }),
  };
}

describe('evaluation', () => {
  it('is the mean loss and the accuracy over all examples, whatever the microbatches', async () => {
    const { evaluate } = evaluation(point);
    const found = await evaluate(to);
    expect(found.loss).toBeCloseTo(await mean(problem.losses(to, data)).item(), 13);
    expect(found.accuracy).toBeCloseTo(await accuracy(model.apply(to, data.x), data.y).item(), 13);
  });

  it('has no accuracy where the problem has none', async () => {
    const { evaluate } = evaluation(quadratic([1, 2]));
    expect(await evaluate(tensor([1, 1]))).toEqual({ loss: 4.5 });
  });
});

describe('the line between two models', () => {
  it('is the first at 0, the second at 1, and reaches beyond both', async () => {
    const { evaluate } = evaluation(point);
    const { points, nonFinite } = await lineBetween({ from, to, evaluate, coefficients: [-1, 0, 0.5, 1, 2] });
    expect(points.map(({ a }) => a)).toEqual([-1, 0, 0.5, 1, 2]);
    expect(points[1]).toEqual({ a: 0, ...(await evaluate(from)) });
    expect(points[3]!.loss).toBeCloseTo((await evaluate(to)).loss, 12);
    const half = tree.map((p, q) => mul(add(p, q), 0.5), from, to);
    expect(points[2]!.loss).toBeCloseTo((await evaluate(half)).loss, 12);
    expect(nonFinite).toBe(0);
  });

  it('throws where the loss is no number, or keeps the point and counts it', async () => {
    const evaluate = async (w: Tensor) => ({ loss: Math.sqrt(1 - (await sum(w).item())) });
    const line = { from: tensor([0]), to: tensor([1]), evaluate, coefficients: [0, 2] };
    await expect(lineBetween(line)).rejects.toThrow(
      expect.objectContaining({ code: 'NON_FINITE', message: expect.stringContaining('a = 2') as string }),
    );
    expect(await lineBetween({ ...line, keepNonFinite: true })).toMatchObject({ nonFinite: 1 });
  });

  it('refuses models that differ', async () => {
    const { evaluate } = evaluation(point);
    const other = mlp({ widths: [3, 3], activation: 'tanh' }).init(random.key(2), [5]).params;
    const deeper = mlp({ widths: [4, 4, 3], activation: 'tanh' }).init(random.key(2), [5]).params;
    await expect(lineBetween({ from, to: other, evaluate })).rejects.toThrow(code('SHAPE'));
    await expect(lineBetween({ from, to: deeper, evaluate })).rejects.toThrow(code('TREE'));
  });
});

describe('the plane', () => {
  it('along eigenvectors of the Hessian has their curvature', async () => {
    const operator = hessianOperator(point);
    const { largest } = await lanczos(operator, { key: random.key(1), largest: 2, tolerance: 1e-10 });
    const [u, v] = largest.map(({ vector }) => operator.unravel(vector!));
    const { evaluate } = evaluation(point);
    const h = 1e-3;
    const { points } = await planeAround({
      center: from,
      directions: [u!, v!],
      evaluate,
      a: [-h, 0, h],
      b: [-h, 0, h],
    });
    expect(points.map(({ a, b }) => [a, b]).slice(0, 4)).toEqual([
      [-h, -h],
      [0, -h],
      [h, -h],
      [-h, 0],
    ]);
    const loss = (k: number): number => points[k]!.loss;
    expect((loss(5) - 2 * loss(4) + loss(3)) / h ** 2).toBeCloseTo(largest[0]!.value, 4);
    expect((loss(7) - 2 * loss(4) + loss(1)) / h ** 2).toBeCloseTo(largest[1]!.value, 4);
    expect((loss(8) - loss(6) - loss(2) + loss(0)) / (4 * h * h)).toBeCloseTo(0, 4);
  });

  it('of the first model is flat along no direction', async () => {
    const { evaluate } = evaluation(quadratic([2, 4]));
    const directions = [tensor([1, 0]), tensor([0, 1])] as const;
    const { points } = await planeAround({
      center: zeros([2]),
      directions,
      evaluate,
      a: spaced(-1, 1, 3),
      b: [0, 2],
    });
    expect(points.map(({ loss }) => loss)).toEqual([4, 3, 4, 12, 11, 12]);
  });
});

describe('filter normalisation', () => {
  const params = {
    conv: random.normal(random.key(1), [3, 3, 2, 4]),
    dense: random.normal(random.key(2), [5, 3]),
    bias: random.normal(random.key(3), [3]),
  };
  const norms = async (x: Tensor): Promise<number[]> => {
    const columns = reshape(x, [-1, x.shape.at(-1)!]);
    return Array.from(await sum(square(columns), 0).data(), Math.sqrt);
  };

  it('gives every filter of a direction the norm of the parameters’ filter, and biases none', async () => {
    const direction = gaussianDirection(random.key(9), params);
    const normal = filterNormalized(direction, params);
    for (const name of ['conv', 'dense'] as const) {
      const [found, wanted] = [await norms(normal[name]), await norms(params[name])];
      found.forEach((value, k) => expect(value).toBeCloseTo(wanted[k]!, 12));
      // Each filter keeps its direction.
      const [a, b] = [await direction[name].data(), await normal[name].data()];
      const filters = wanted.length;
      expect(a[0]! * b[filters]!).toBeCloseTo(a[filters]! * b[0]!, 12);
    }
    expect(await norms(reshape(normal.bias, [1, 3]))).toEqual([0, 0, 0]);
  });

  it('follows the scale of every filter, so that pictures of rescaled networks agree', async () => {
    const scaled = { ...params, conv: mul(params.conv, tensor([1, 10, 0.1, 5])) };
    const [one, other] = [params, scaled].map((p) => randomFilterDirection(random.key(4), p));
    const [a, b] = [await norms(one!.conv), await norms(other!.conv)];
    [1, 10, 0.1, 5].forEach((factor, k) => expect(b[k]! / a[k]!).toBeCloseTo(factor, 12));
  });

  it('leaves a filter without direction, or of zeros, where it is', async () => {
    const normal = filterNormalized(
      tensor([
        [0, 1],
        [0, 1],
      ]),
      tensor([
        [1, 0],
        [1, 0],
      ]),
    );
    expect(Array.from(await normal.data())).toEqual([0, 0, 0, 0]);
  });
});

describe('sharpness', () => {
  const key = random.key(1);

  it('of a quadratic at its minimum is the loss in the best corner of the box', async () => {
    const epsilon = 0.1;
    const found = await sharpness(quadratic([2, 4, 10]), { key, epsilon });
    // At x = 0 the box is [-ε, ε]³: max f - f = ½ ε² (2 + 4 + 10), over 1 + f = 4.
    expect(found.loss).toBe(3);
    expect(found.sharpness).toBeCloseTo((100 * 0.5 * 0.01 * 16) / 4, 10);
    expect(found.maximum).toBeCloseTo(3.08, 10);
  });

  it('of a slope is |slope| times the box, which grows with |x|', async () => {
    const epsilon = 0.01;
    const flat = { ...quadratic([0, 0], [3, -5]), params: tensor([1, -4]) };
    const found = await sharpness(flat, { key, epsilon, starts: 1 });
    const loss = 3 - 3 - 20;
    const rise = epsilon * (2 * 3 + 5 * 5);
    expect(found.loss).toBeCloseTo(loss, 12);
    expect(found.sharpness).toBeCloseTo((100 * rise) / (1 + loss), 8);
    expect(found.evaluations).toBe(11);
  });

  it('in a subspace is at most that of all of space for a bowl, and that of its own box', async () => {
    const bowl = quadratic([4, 4, 4, 4]);
    const of = async (subspace: number) => (await sharpness(bowl, { key, epsilon: 0.1, subspace })).sharpness;
    // f rises by ½ · 4 |A z|² = 2 |z|² with |z_i| ≤ ε in every orthonormal basis.
    for (const p of [1, 2, 4]) expect(await of(p)).toBeCloseTo((100 * 2 * p * 0.01) / 4, 10);
    await expect(of(5)).rejects.toThrow(code('COUNT'));
  });

  it('grows with ε, is a function of its key, and is of the parameters chosen', async () => {
    const at = async (epsilon: number) => (await sharpness(point, { key, epsilon })).sharpness;
    const [small, large] = [await at(1e-3), await at(1e-2)];
    expect(small).toBeGreaterThan(0);
    expect(large).toBeGreaterThan(small);
    expect(await at(1e-3)).toBe(small);
    const biases = await sharpness({ ...point, parameters: (path) => path.endsWith('bias') }, { key });
    expect(biases.sharpness).toBeGreaterThan(0);
    expect(biases.sharpness).toBeLessThan(small);
  });

  it('refuses a box of no size, no iterations and losses that are no numbers', async () => {
    await expect(sharpness(point, { key, epsilon: 0 })).rejects.toThrow(code('EPSILON'));
    await expect(sharpness(point, { key, iterations: 0 })).rejects.toThrow(code('COUNT'));
    await expect(sharpness(quadratic([NaN]), { key })).rejects.toThrow(code('NON_FINITE'));
  });
});
