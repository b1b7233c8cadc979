import { beforeAll, describe, expect, it } from 'vitest';
import {
  add,
  concat,
  crossEntropy,
  grad,
  init,
  jit,
  mul,
  random,
  slice,
  sum,
  tensor,
  type Tensor,
} from '../../engine/index.ts';
import {
  batchNorm,
  dense,
  dropout,
  ghostBatchNorm,
  layerNorm,
  recomputeStatistics,
  relu,
  sequential,
  type Context,
  type Layer,
  type RunningStatistics,
  type SequentialParams,
  type SequentialState,
} from '../../nn/index.ts';
import { noiseEnhanced } from '../../optim/index.ts';
import { code, flat, relativeDistance, values } from './helpers.ts';

beforeAll(() => init({ backend: 'reference' }));

const training = { training: true };
const key = (n: number): Tensor => random.key(n);
/** [B, H, W, C] = [B, 2, 3, 2] */
const images = (count: number, seed = 1): Tensor => random.normal(key(seed), [count, 2, 3, 2]);
const rows = (x: Tensor, from: number, to: number): Tensor => slice(x, [from], [to]);
const affine = { scale: tensor([1.5, -0.5]), offset: tensor([0.25, 3]) };
const identity = { scale: tensor([1, 1]), offset: tensor([0, 0]) };
const fresh: RunningStatistics = { mean: tensor([0, 0]), variance: tensor([1, 1]) };

/** Mean and biased variance of every channel, the last of two. */
function moments(x: readonly number[]): { mean: number[]; variance: number[] } {
  const channels = [0, 1].map((c) => x.filter((_, k) => k % 2 === c));
  const mean = channels.map((list) => list.reduce((a, b) => a + b) / list.length);
  const variance = channels.map((list, c) => list.reduce((a, b) => a + (b - mean[c]!) ** 2, 0) / list.length);
  return { mean, variance };
}

describe('batch normalisation in training', () => {
  it('gives every channel mean 0 and variance 1, then scales and shifts it', async () => {
    const x = mul(add(images(4), 3), 2);
    const normal = moments(await values(batchNorm({ epsilon: 1e-12 }).apply(identity, x, training)));
    for (const mean of normal.mean) expect(Math.abs(mean)).toBeLessThan(1e-14);
    for (const variance of normal.variance) expect(Math.abs(variance - 1)).toBeLessThan(1e-11);
    const moved = moments(await values(batchNorm().apply(affine, x, training)));
    expect(moved.mean[0]).toBeCloseTo(0.25, 12);
    expect(moved.mean[1]).toBeCloseTo(3, 12);
  });

  it('divides by the root of the biased variance and epsilon', async () => {
    const x = tensor([[0], [2]]);
    const params = { scale: tensor([1]), offset: tensor([0]) };
    expect(await values(batchNorm({ epsilon: 3 }).apply(params, x, training))).toEqual([-0.5, 0.5]);
  });

  it('keeps its digits where the mean is 10^8 times the deviation', async () => {
    const layer = batchNorm();
    const x = images(4);
    const far = await values(layer.apply(affine, add(x, 1e8), training));
    // The sum rounds x to 1e8 · 2^-53 = 1e-8 already; E[x²] - E[x]² would be off by about 1.
    expect(relativeDistance(far, await values(layer.apply(affine, x, training)))).toBeLessThan(1e-7);
  });

  it('has a gradient orthogonal to 1 and to the normalised input', async () => {
    const layer = batchNorm({ epsilon: 1e-14 });
    const x = images(5);
    const weights = random.normal(key(2), x.shape);
    const gradient = grad((v: Tensor) => sum(mul(layer.apply(affine, v, training), weights)))(x);
    const normalised = layer.apply(identity, x, training);
    for (const direction of [gradient, mul(gradient, normalised)])
      for (const mean of moments(await values(direction)).mean) expect(Math.abs(mean)).toBeLessThan(1e-13);
  });

  it('moves running statistics towards the batch by the momentum, with the biased variance', async () => {
    const x = images(4);
    const batch = moments(await values(x));
    const running = { mean: tensor([1, 2]), variance: tensor([3, 4]) };
    const momentum = async (layer: Layer, context: Context): Promise<number[]> =>
      flat(layer.forward(affine, running, x, { ...training, ...context })[1]);
    const expected = (m: number): number[] => [
      ...batch.mean.map((mean, c) => (1 - m) * (c + 1) + m * mean),
      ...batch.variance.map((variance, c) => (1 - m) * (c + 3) + m * variance),
    ];
    expect(relativeDistance(await momentum(batchNorm(), {}), expected(0.1))).toBeLessThan(1e-14);
    expect(relativeDistance(await momentum(batchNorm({ momentum: 0.25 }), {}), expected(0.25))).toBeLessThan(
      1e-14,
    );
    for (const override of [0.5, tensor(0.5)])
      expect(
        relativeDistance(await momentum(batchNorm(), { momentum: override }), expected(0.5)),
      ).toBeLessThan(1e-14);
  });

  it('keeps no statistics where it was given none', () => {
    expect(batchNorm().forward(affine, {} as RunningStatistics, images(2), training)[1]).toEqual({});
  });
});

describe('batch normalisation in evaluation', () => {
  const layer = batchNorm();

  it('uses the running statistics and returns them as they were', async () => {
    const running = { mean: tensor([1, 2]), variance: tensor([4, 9]) };
    const x = tensor([[3, 5]]);
    const [output, state] = batchNorm({ epsilon: 1e-12 }).forward(identity, running, x);
    expect(await values(output)).toEqual([expect.closeTo(1, 10), expect.closeTo(1, 10)]);
    expect(state).toBe(running);
  });

  it('does not depend on batch mates, to the bit', async () => {
    const x = images(5);
    const running = { mean: tensor([0.3, -0.2]), variance: tensor([0.7, 1.9]) };
    const all = await values(layer.apply(affine, x, { state: running }));
    for (let i = 0; i < 5; i++)
      expect(await values(layer.apply(affine, rows(x, i, i + 1), { state: running }))).toEqual(
        all.slice(12 * i, 12 * (i + 1)),
      );
  });

  it('with the statistics of a batch, taken at momentum 1, reproduces its output of training', async () => {
    const x = images(5);
    const [output, state] = layer.forward(affine, fresh, x, { ...training, momentum: 1 });
    expect(
      relativeDistance(await values(layer.apply(affine, x, { state })), await values(output)),
    ).toBeLessThan(1e-14);
  });
});

describe('ghost batch normalisation', () => {
  const plain = batchNorm();
  const ghost = ghostBatchNorm({ groupSize: 3 });

  it('with one group is batch normalisation to the bit: output, statistics and gradients', async () => {
    const x = images(3);
    const result = (layer: typeof ghost): Promise<number[]> =>
      flat(layer.forward(affine, fresh, x, training));
    expect(await result(ghost)).toEqual(await result(plain));
    const gradient = (layer: typeof ghost): Promise<number[]> =>
      flat(
        grad((inputs: [typeof affine, Tensor]) => sum(layer.apply(...inputs, training).square()))([
          affine,
          x,
        ]),
      );
    expect(await gradient(ghost)).toEqual(await gradient(plain));
  });

  it('is the concatenation of batch normalisations of its groups, to the bit', async () => {
    const x = images(9);
    const parts = [0, 3, 6].map((from) => plain.apply(affine, rows(x, from, from + 3), training));
    expect(await values(ghost.apply(affine, x, training))).toEqual(await values(concat(parts)));
  });

  it('adds a remainder to the last group, so that no group is smaller than asked for', async () => {
    for (const count of [2, 3, 4, 5, 7, 8, 9, 11])
      for (let groupSize = 2; groupSize <= count; groupSize += 1) {
        const whole = Math.floor(count / groupSize);
        const bounds = Array.from({ length: whole + 1 }, (_, k) => (k < whole ? k * groupSize : count));
        const x = random.normal(key(count), [count, 1, 2]);
        const parts = bounds
          .slice(1)
          .map((to, k) => plain.apply(affine, rows(x, bounds[k] as number, to), training));
        expect(await values(ghostBatchNorm({ groupSize }).apply(affine, x, training))).toEqual(
          await values(concat(parts)),
        );
      }
  });

  it('averages its running statistics over groups, each with equal weight', async () => {
    const x = images(8);
    const [, state] = ghost.forward(affine, fresh, x, { ...training, momentum: 1 });
    const [a, b] = [moments(await values(rows(x, 0, 3))), moments(await values(rows(x, 3, 8)))];
    const expected = [
      ...a.mean.map((mean, c) => (mean + b.mean[c]!) / 2),
      ...a.variance.map((variance, c) => (variance + b.variance[c]!) / 2),
    ];
    expect(relativeDistance(await flat(state), expected)).toBeLessThan(1e-14);
  });

  it('passes no gradient from one group to another', async () => {
    const x = images(8);
    const gradient = grad((v: Tensor) => sum(rows(ghost.apply(affine, v, training), 0, 3).square()))(x);
    const list = await values(gradient);
    expect(list.slice(0, 36).some((value) => value !== 0)).toBe(true);
    expect(list.slice(36).every((value) => value === 0)).toBe(true);
  });

  it('forms groups within each minibatch where several are passed at once', async () => {
    const [a, b] = [images(8, 5), images(8, 6)];
    for (const layer of [ghost, plain]) {
      const together = layer.apply(affine, concat([a, b]), { ...training, batches: 2 });
      const apart = concat([layer.apply(affine, a, training), layer.apply(affine, b, training)]);
      expect(await values(together)).toEqual(await values(apart));
    }
  });

  it('lets a noise-enhanced gradient take one pass as well as two', async () => {
    const model = sequential(dense(4), ghostBatchNorm({ groupSize: 3 }), relu(), dense(3));
    const { params } = model.init(key(3), [5]);
    const x = random.normal(key(4), [2, 8, 5]);
    const labels = tensor(
      Int32Array.from({ length: 16 }, (_, i) => (i * i) % 3),
      [2, 8],
    );
    const batch = (k: number): { x: Tensor; labels: Tensor } => ({
      x: slice(x, [k], [k + 1]).reshape([8, 5]),
      labels: slice(labels, [k], [k + 1]).reshape([8]),
    });
    const gradient = (form: 'one-pass' | 'two-pass'): Promise<number[]> =>
      flat(
        noiseEnhanced({ alpha: 2.5, form }).gradient<typeof params, ReturnType<typeof batch>>(
          (p, { x: inputs, labels: targets }, weights, batches) =>
            crossEntropy(model.apply(p, inputs, { ...training, batches }), targets, weights),
        )(params, batch(0), batch(1)),
      );
    expect(relativeDistance(await gradient('one-pass'), await gradient('two-pass'))).toBeLessThan(1e-13);
  });
});

describe('recomputed statistics', () => {
  const model = sequential(batchNorm({ momentum: 0.01 }), dense(2), ghostBatchNorm({ groupSize: 2 }));
  const recompute = recomputeStatistics(
    (params: SequentialParams, state: SequentialState, x: Tensor, context) =>
      model.forward(params, state, x, context)[1],
  );
  const batches = [images(4, 7), images(4, 8), images(4, 9)];

  it('are the plain mean over batches, whatever the state was before', async () => {
    const { params, state } = model.init(key(1), [2, 3, 2]);
    const single = await Promise.all(
      batches.map((x) => flat(model.forward(params, state, x, { ...training, momentum: 1 })[1])),
    );
    const mean = single[0]!.map((_, k) => single.reduce((total, list) => total + list[k]! / 3, 0));
    expect(relativeDistance(await flat(recompute(params, state, batches)), mean)).toBeLessThan(1e-13);
    const other = recompute(params, model.forward(params, state, batches[0]!, training)[1], batches);
    expect(await flat(other)).toEqual(await flat(recompute(params, state, batches)));
  });

  it('leave the state that was given as it was', async () => {
    const { params, state } = model.init(key(1), [2, 3, 2]);
    const before = await flat(state);
    recompute(params, state, batches);
    expect(await flat(state)).toEqual(before);
  });

  it('draw new dropouts for every batch', async () => {
    const noisy = sequential(dropout({ rate: 0.5 }), batchNorm());
    const { params, state } = noisy.init(key(1), [2, 3, 2]);
    const pass = recomputeStatistics(
      (p: typeof params, s: typeof state, x: Tensor, context) => noisy.forward(p, s, x, context)[1],
    );
    const twice = [batches[0]!, batches[0]!];
    const result = pass(params, state, twice, { key: key(5) });
    expect(await flat(result)).not.toEqual(await flat(pass(params, state, [twice[0]!], { key: key(5) })));
  });

  it('cannot be had without batches', () => {
    const { params, state } = model.init(key(1), [2, 3, 2]);
    expect(() => recompute(params, state, [])).toThrow(code('EMPTY'));
  });
});

describe('what normalisations refuse', () => {
  it('evaluation without running statistics, naming the layer', () => {
    const model = sequential(dense(2), batchNorm());
    const { params } = model.init(key(1), [3]);
    const x = random.normal(key(2), [4, 3]);
    expect(() => model.apply(params, x)).toThrow(code('STATE'));
    expect(() => model.apply(params, x)).toThrow("'batchNorm0'");
    expect(() => jit((v: Tensor) => model.apply(params, v))(x)).toThrow(code('STATE'));
  });

  it('ghost groups of one example, saying why, and sizes that are none', () => {
    expect(() => ghostBatchNorm({ groupSize: 1 })).toThrow(code('GHOST_BATCH'));
    expect(() => ghostBatchNorm({ groupSize: 1 })).toThrow('normalised by itself alone');
    for (const groupSize of [0, -2, 2.5, Number.NaN])
      expect(() => ghostBatchNorm({ groupSize })).toThrow(code('GHOST_BATCH'));
  });

  it('minibatches smaller than a ghost group, with both numbers', () => {
    const layer = ghostBatchNorm({ groupSize: 6 });
    expect(() => layer.apply(affine, images(5), training)).toThrow(code('GHOST_BATCH'));
    expect(() => layer.apply(affine, images(5), training)).toThrow(
      'a minibatch of 5 is smaller than one group of 6',
    );
    expect(() => layer.apply(affine, images(10), { ...training, batches: 2 })).toThrow(code('GHOST_BATCH'));
  });

  it('batches that are not so many minibatches, and channels of one value', () => {
    for (const batches of [2, 0, 1.5])
      expect(() => batchNorm().apply(affine, images(5), { ...training, batches })).toThrow(
        code('BATCH_SIZE'),
      );
    expect(() => batchNorm().apply(affine, tensor([[1, 2]]), training)).toThrow(code('BATCH_SIZE'));
  });

  it('momenta outside [0, 1], epsilons that are not positive, and examples without axes', () => {
    expect(() => batchNorm({ momentum: 1.5 })).toThrow(code('LAYER'));
    expect(() => batchNorm({ epsilon: 0 })).toThrow(code('LAYER'));
    expect(() => layerNorm({ epsilon: -1 })).toThrow(code('LAYER'));
    expect(() => layerNorm().init(key(1), [])).toThrow(code('LAYER'));
  });
});

describe('layer normalisation', () => {
  const params = { scale: tensor([2, 2, 2]), offset: tensor([1, 1, 1]) };

  it('normalises every vector of features by itself, in training as in evaluation', async () => {
    const layer = layerNorm({ epsilon: 1e-14 });
    const x = random.normal(key(1), [4, 2, 3]);
    const y = await values(layer.apply(params, x));
    for (let row = 0; row < 8; row++) {
      const vector = y.slice(3 * row, 3 * row + 3).map((value) => (value - 1) / 2);
      expect(Math.abs(vector[0]! + vector[1]! + vector[2]!)).toBeLessThan(1e-12);
      expect(vector.reduce((total, v) => total + v * v, 0) / 3).toBeCloseTo(1, 10);
    }
    expect(await values(layer.apply(params, x, training))).toEqual(y);
    expect(await values(layer.apply(params, rows(x, 1, 2)))).toEqual(y.slice(6, 12));
  });

  it('has a gradient orthogonal to 1 and to the normalised vector', async () => {
    const layer = layerNorm({ epsilon: 1e-15 });
    const x = random.normal(key(2), [5, 3]);
    const weights = random.normal(key(3), [5, 3]);
    const gradient = grad((v: Tensor) => sum(mul(layer.apply(params, v), weights)))(x);
    for (const total of [sum(gradient, 1), sum(mul(gradient, layer.apply(params, x)), 1)])
      for (const value of await values(total)) expect(Math.abs(value)).toBeLessThan(1e-11);
  });
});
