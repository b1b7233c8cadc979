import { beforeAll, describe, expect, it } from 'vitest';
import {
  add,
  grad,
  init,
  LangevinError,
  matmul,
  mean,
  mul,
  random,
  reshape,
  square,
  sum,
  take,
  tensor,
  tree,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';
import {
  batchNorm,
  conv2d,
  dense,
  flatten,
  ghostBatchNorm,
  maxPool,
  mlp,
  sequential,
  tanh,
} from '../../nn/index.ts';
import {
  classification,
  coordinates,
  covarianceOverN,
  denseMatrix,
  differenceHessianOperator,
  empiricalFisherOperator,
  fisherOperator,
  gaussNewtonOperator,
  ghostBatches,
  gradientCovarianceOperator,
  hessianOperator,
  indexMicrobatches,
  meanGradient,
  microbatches,
  regression,
  symmetricEigen,
  type LinearOperator,
  type Problem,
} from '../../stats/index.ts';

beforeAll(() => init({ backend: 'reference' }));

type Batch = { readonly x: Tensor; readonly y: Tensor };

const COUNT = 10;
const model = mlp({ widths: [4, 3], activation: 'tanh' });
type Params = ReturnType<typeof model.init>['params'];
const { params } = model.init(random.key(2), [5]);
const x = random.normal(random.key(3), [COUNT, 5]);
const y = tensor(Int32Array.from({ length: COUNT }, (_, k) => (k * k) % 3));
const problem = classification<Params, Batch>({
  outputs: (p, batch) => model.apply(p, batch.x),
  targets: (batch) => batch.y,
});
const point = (size?: number) => ({ problem, params, data: microbatches({ x, y }, size) });
const data = { problem, params, data: microbatches({ x, y }) };

const numbers = async (v: Tensor): Promise<Float64Array> => Float64Array.from(await v.data());
const vector = (seed: number, size: number): Tensor => random.normal(random.key(seed), [size]);
const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, k) => Math.abs(value - b[k]!)));
const inner = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((total, value, k) => total + value * b[k]!, 0);
const smallestOf = async (operator: LinearOperator): Promise<number> =>
  symmetricEigen((await denseMatrix(operator)).values).values[0]!;

/** Rows of gradients, one per example. */
async function exampleGradients(): Promise<Float64Array[]> {
  return Promise.all(
    Array.from({ length: COUNT }, async (_, mu) => {
      const pick = tensor(Int32Array.of(mu));
      const batch = { x: take(x, pick), y: take(y, pick) };
      return numbers(tree.ravel(grad((p: Params) => sum(problem.losses(p, batch)))(params))[0]);
    }),
  );
}

describe('the Hessian as an operator', () => {
  it('is symmetric: uᵀ H v = vᵀ H u', async () => {
    const h = hessianOperator(data);
    for (const seed of [1, 2, 3]) {
      const [u, v] = [vector(seed, h.dimension), vector(seed + 10, h.dimension)];
      const forward = inner(await numbers(u), await numbers(await h.apply(v)));
      const backward = inner(await numbers(v), await numbers(await h.apply(u)));
      expect(Math.abs(forward - backward)).toBeLessThan(1e-10);
    }
  });

  it('agrees with central differences of the gradient', async () => {
    const h = hessianOperator(data);
    const [flat, unravel] = tree.ravel(params);
    const v = vector(4, h.dimension);
    const gradientAt = async (step: number): Promise<Float64Array> => {
      const moved = unravel(add(flat, mul(v, step)));
      return numbers((await meanGradient({ ...data, params: moved })).gradient);
    };
    const [plus, minus] = [await gradientAt(1e-5), await gradientAt(-1e-5)];
    const differences = plus.map((value, k) => (value - minus[k]!) / 2e-5);
    expect(worst(await numbers(await h.apply(v)), differences)).toBeLessThan(1e-8);
  });

  it('of a convolutional network with frozen statistics agrees with the operator by differences', async () => {
    const net = sequential(conv2d(2, { size: 3 }), batchNorm(), tanh(), maxPool(2), flatten(), dense(3));
    const { params: start, state } = net.init(random.key(4), [4, 4, 1]);
    const frozen = classification<typeof start, Batch>({
      outputs: (p, batch) => net.apply(p, batch.x, { state }),
      targets: (batch) => batch.y,
      policy: 'frozen statistics',
    });
    const images = random.normal(random.key(6), [COUNT, 4, 4, 1]);
    const at = { problem: frozen, params: start, data: microbatches({ x: images, y }, 4) };
    const [exact, approximate] = [hessianOperator(at), differenceHessianOperator(at, { step: 1e-4 })];
    expect(exact.name).toBe('Hessian of 10 examples (frozen statistics)');
    const v = vector(4, exact.dimension);
    const [a, b] = [await numbers(await exact.apply(v)), await numbers(await approximate.apply(v))];
    expect(worst(a, b)).toBeLessThan(1e-6);
    expect(Math.sqrt(inner(a, a))).toBeGreaterThan(0.1);
    const zero = await numbers(await approximate.apply(mul(v, 0)));
    expect(zero.every((value) => value === 0)).toBe(true);
    expect(() => differenceHessianOperator(at, { step: 0 })).toThrow(
      expect.objectContaining({ code: 'STEP' }),
    );
  });

  it('of linear regression is Xᵀ X / N', async () => {
    const [a, targets] = [random.normal(random.key(5), [7, 3]), random.normal(random.key(6), [7])];
    const linear: Problem<Tensor, Batch> = {
      losses: (w, batch) => mul(square(matmul(batch.x, w).sub(batch.y)), 0.5),
    };
    const at = { problem: linear, params: tensor([1, 2, 3]), data: microbatches({ x: a, y: targets }, 2) };
    const expected = await numbers(mul(matmul(a, a, { transposeA: true }), 1 / 7));
    expect(worst((await denseMatrix(hessianOperator(at))).values, expected)).toBeLessThan(1e-12);
  });

  it('of softmax regression is (1/N) Σ (diag p - p pᵀ) ⊗ x xᵀ', async () => {
    for (const classes of [2, 3]) {
      const labels = tensor(Int32Array.from({ length: 7 }, (_, k) => k % classes));
      const inputs = random.normal(random.key(7), [7, 3]);
      const weights = random.normal(random.key(8), [3, classes]);
      const softmaxRegression = classification<Tensor, Batch>({
        outputs: (w, batch) => matmul(batch.x, w),
        targets: (batch) => batch.y,
      });
      const at = {
        problem: softmaxRegression,
        params: weights,
        data: microbatches({ x: inputs, y: labels }),
      };
      const z = await numbers(matmul(inputs, weights));
      const rows = await numbers(inputs);
      const expected = new Float64Array((3 * classes) ** 2);
      for (let mu = 0; mu < 7; mu++) {
        const e = Array.from({ length: classes }, (_, k) => Math.exp(z[mu * classes + k]!));
        const total = e.reduce((s, value) => s + value);
        const p = e.map((value) => value / total);
        for (let i = 0; i < 3; i++)
          for (let k = 0; k < classes; k++)
            for (let j = 0; j < 3; j++)
              for (let l = 0; l < classes; l++)
                expected[(i * classes + k) * 3 * classes + j * classes + l]! +=
                  ((p[k]! * ((k === l ? 1 : 0) - p[l]!)) / 7) * rows[mu * 3 + i]! * rows[mu * 3 + j]!;
      }
      expect(worst((await denseMatrix(hessianOperator(at))).values, expected)).toBeLessThan(1e-12);
    }
  });

  it('of logistic regression is (1/N) Σ σ(z)(1 - σ(z)) x xᵀ', async () => {
    const inputs = random.normal(random.key(7), [7, 3]);
    const labels = tensor(Int32Array.from({ length: 7 }, (_, k) => k % 2));
    const w = tensor([0.3, -0.8, 0.5]);
    const logistic = classification<Tensor, Batch>({
      outputs: (v, batch) => {
        const z = reshape(matmul(batch.x, v), [-1, 1]);
        return matmul(z, tensor([[0, 1]]));
      },
      targets: (batch) => batch.y,
    });
    const at = { problem: logistic, params: w, data: microbatches({ x: inputs, y: labels }, 3) };
    const [z, rows] = [await numbers(matmul(inputs, w)), await numbers(inputs)];
    const expected = Array.from({ length: 9 }, (_, ij) => {
      const [i, j] = [Math.floor(ij / 3), ij % 3];
      return z.reduce((total, value, mu) => {
        const s = 1 / (1 + Math.exp(-value));
        return total + (s * (1 - s) * rows[mu * 3 + i]! * rows[mu * 3 + j]!) / 7;
      }, 0);
    });
    expect(worst((await denseMatrix(hessianOperator(at))).values, expected)).toBeLessThan(1e-12);
  });
});

describe('the Gauss-Newton and Fisher matrices', () => {
  it('the first is the Hessian where the model is linear and the loss a square', async () => {
    const linear = sequential(dense(2));
    const start = linear.init(random.key(1), [5]).params;
    const squares = regression<typeof start, Batch>({
      outputs: (p, batch) => linear.apply(p, batch.x),
      targets: (batch) => batch.y,
    });
    const targets = random.normal(random.key(9), [COUNT, 2]);
    const at = { problem: squares, params: start, data: microbatches({ x, y: targets }, 4) };
    const [h, g] = [hessianOperator(at), gaussNewtonOperator(at)];
    const v = vector(5, h.dimension);
    expect(worst(await numbers(await h.apply(v)), await numbers(await g.apply(v)))).toBeLessThan(1e-13);
  });

  it('are positive semidefinite where the Hessian is not', async () => {
    expect(await smallestOf(hessianOperator(data))).toBeLessThan(-1e-3);
    for (const operator of [
      gaussNewtonOperator(data),
      fisherOperator(data, { key: random.key(1) }),
      empiricalFisherOperator(data),
      gradientCovarianceOperator(data),
    ])
      expect(await smallestOf(operator)).toBeGreaterThan(-1e-13);
  });

  it('the Fisher matrix by many draws is the Gauss-Newton matrix within its error', async () => {
    const v = vector(5, coordinates(params).dimension);
    const exact = await numbers(await gaussNewtonOperator(data).apply(v));
    const drawn = await numbers(await fisherOperator(data, { key: random.key(4), draws: 100 }).apply(v));
    const apart = exact.map((value, k) => drawn[k]! - value);
    const relative = Math.sqrt(inner(apart, apart) / inner(exact, exact));
    // 1/√(100 · 10) is 3 %.
    expect(relative).toBeLessThan(0.12);
    expect(relative).toBeGreaterThan(1e-3);
  });

  it('the Fisher matrix is a function of its key, and the same for every product', async () => {
    const v = vector(5, coordinates(params).dimension);
    const by = async (seed: number): Promise<Float64Array> =>
      numbers(await fisherOperator(point(4), { key: random.key(seed) }).apply(v));
    const operator = fisherOperator(point(4), { key: random.key(1) });
    expect(await numbers(await operator.apply(v))).toEqual(await numbers(await operator.apply(v)));
    expect(await by(1)).toEqual(await by(1));
    expect(worst(await by(1), await by(2))).toBeGreaterThan(1e-3);
  });
});

describe('second moments of gradients', () => {
  it('are those of the gradients of single examples, centred or not', async () => {
    const gradients = await exampleGradients();
    const covariance = (await denseMatrix(gradientCovarianceOperator(point(3)))).values;
    expect(worst(covariance, covarianceOverN(gradients))).toBeLessThan(1e-13);
    const n = gradients[0]!.length;
    const second = (await denseMatrix(empiricalFisherOperator(point(3)))).values;
    const expected = Float64Array.from(
      second,
      (_, ij) => gradients.reduce((s, g) => s + g[Math.floor(ij / n)]! * g[ij % n]!, 0) / COUNT,
    );
    expect(worst(second, expected)).toBeLessThan(1e-13);
  });

  it('the mean gradient is the mean of theirs', async () => {
    const gradients = await exampleGradients();
    const { gradient, loss } = await meanGradient(point(3));
    const expected = gradients[0]!.map((_, k) => gradients.reduce((s, g) => s + g[k]!, 0) / COUNT);
    expect(worst(await numbers(gradient), expected)).toBeLessThan(1e-14);
    expect(await loss.item()).toBeCloseTo(await mean(problem.losses(params, { x, y })).item(), 13);
  });
});

describe('operators over a data set', () => {
  it('do not depend on the microbatches, the last of which may be smaller', async () => {
    const operators = [
      hessianOperator,
      gaussNewtonOperator,
      empiricalFisherOperator,
      gradientCovarianceOperator,
    ] as const;
    const v = vector(6, coordinates(params).dimension);
    for (const make of operators) {
      const whole = await numbers(await make(point()).apply(v));
      for (const size of [1, 3, 7])
        expect(worst(await numbers(await make(point(size)).apply(v)), whole)).toBeLessThan(1e-13);
    }
    const indexed = {
      params,
      problem: {
        losses: (p: Params, { at }: { readonly at: Tensor }) =>
          problem.losses(p, { x: take(x, at), y: take(y, at) }),
      },
      data: indexMicrobatches(COUNT, 4, (at) => ({ at })),
    };
    const whole = await numbers(await hessianOperator(point()).apply(v));
    expect(worst(await numbers(await hessianOperator(indexed).apply(v)), whole)).toBeLessThan(1e-13);
  });

  it('of a subset of the parameters are blocks of the whole', async () => {
    const whole = hessianOperator(data);
    const block = hessianOperator({ ...data, parameters: (path) => path === 'dense1/weight' });
    expect(block.paths).toEqual(['dense1/weight']);
    expect(block.dimension).toBe(12);
    const v = vector(7, 12);
    const lifted = whole.ravel(block.unravel(v));
    const image = block.ravel(whole.unravel(await whole.apply(lifted)));
    expect(worst(await numbers(await block.apply(v)), await numbers(image))).toBeLessThan(1e-14);
  });

  it('under ghost batches are of the ghost batches, and their mean loss is that of training', async () => {
    const ghost = sequential(dense(4), ghostBatchNorm({ groupSize: 5 }), dense(3));
    const { params: start } = ghost.init(random.key(3), [5]);
    const trained = classification<typeof start, Batch>({
      outputs: (p, batch) => ghost.apply(p, batch.x, { training: true }),
      targets: (batch) => batch.y,
      policy: 'ghost batches of 5',
    });
    const units = ghostBatches(trained, 5);
    const pieces = microbatches({ x: reshape(x, [2, 5, 5]), y: reshape(y, [2, 5]) }, 1);
    const at = {
      params: start,
      data: pieces,
      problem: {
        ...units,
        losses: (p: typeof start, batch: Batch) =>
          units.losses(p, { x: reshape(batch.x, [-1, 5]), y: reshape(batch.y, [-1]) }),
      },
    };
    const operator = gradientCovarianceOperator(at);
    expect(operator.examples).toBe(2);
    expect(operator.name).toContain('ghost batches of 5');
    // Two units have a covariance of rank one.
    const values = symmetricEigen((await denseMatrix(operator)).values).values;
    expect(values.at(-1)).toBeGreaterThan(1e-3);
    expect(Math.abs(values.at(-2)!)).toBeLessThan(1e-13);
    const { loss } = await meanGradient(at);
    expect(await loss.item()).toBeCloseTo(await mean(trained.losses(start, { x, y })).item(), 13);
  });

  it('halve the microbatch when memory does not suffice, and go on', async () => {
    const tight: Problem<Params, Batch> = {
      losses(p, batch) {
        if (batch.x.shape[0]! > 3) throw new LangevinError('OUT_OF_MEMORY', 'no room');
        return problem.losses(p, batch);
      },
    };
    const operator = hessianOperator({ ...data, problem: tight });
    const v = vector(6, operator.dimension);
    const image = await numbers(await operator.apply(v));
    expect(operator.microbatch).toBe(3);
    expect(worst(image, await numbers(await hessianOperator(data).apply(v)))).toBeLessThan(1e-13);
  });

  it('refuse what they cannot measure', async () => {
    const code = (wanted: string): Error => expect.objectContaining({ code: wanted }) as Error;
    const v = vector(1, coordinates(params).dimension);
    const scalar: Problem<Params, Batch> = { losses: (p, batch) => mean(problem.losses(p, batch)) };
    await expect(hessianOperator({ ...data, problem: scalar }).apply(v)).rejects.toThrow(
      code('LOSS_PER_EXAMPLE'),
    );
    const short = { ...microbatches({ x, y }, 4), count: 11 };
    await expect(hessianOperator({ ...data, data: short }).apply(v)).rejects.toThrow(code('EXAMPLE_COUNT'));
    expect(() => microbatches({ x: tensor(new Float64Array(0), [0, 5]) })).toThrow(code('EMPTY'));
    expect(() => microbatches({ x, y }, 0)).toThrow(code('BATCH_SIZE'));
    expect(() => microbatches({ x, y: take(y, tensor(Int32Array.of(0))) })).toThrow(code('SHAPE'));
    expect(() => hessianOperator({ ...data, parameters: () => false })).toThrow(code('EMPTY_SUBSET'));
    const uneven = { ...data, problem: ghostBatches(problem, 4) };
    await expect(
      hessianOperator(uneven as { problem: Problem<Tree, Tree> } & typeof data).apply(v),
    ).rejects.toThrow(code('GHOST_BATCH'));
  });
});
