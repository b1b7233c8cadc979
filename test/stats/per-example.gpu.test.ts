/** Statistics of gradients on the device, of a small convolutional network with ghost batch normalisation, held against float64. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { init, random, tensor, tree } from '../../engine/index.ts';
import { conv2d, dense, ghostBatchNorm, maxPool, relu, sequential } from '../../nn/index.ts';
import {
  classification,
  gradientGram,
  measureGradientNoise,
  microbatches,
  type GradientPoint,
} from '../../stats/index.ts';
import { worst, type Batch } from './per-example-helpers.ts';

const model = sequential(
  conv2d(4, { bias: false }),
  ghostBatchNorm({ groupSize: 4 }),
  relu(),
  maxPool(2),
  dense(16),
  dense(3),
);
type Params = ReturnType<typeof model.init>['params'];

/** The same point under whichever backend is installed: all of it is drawn from keys. */
function pointOf(params: readonly ArrayLike<number>[] | undefined): GradientPoint<Params, Batch> {
  const drawn = model.init(random.key(2), [6, 6, 2]).params;
  const values = params?.map((data, k) => tensor(Float64Array.from(data), tree.leaves(drawn)[k]!.shape));
  return {
    problem: classification({
      outputs: (p, { x }) => model.apply(p, x, { training: true }),
      targets: ({ y }) => y,
    }),
    params: values ? tree.unflatten(drawn, values) : drawn,
    data: microbatches(
      {
        x: tensor(
          Float64Array.from({ length: 16 * 72 }, (_, k) => Math.sin(k * k + 1)),
          [16, 6, 6, 2],
        ),
        y: tensor(Int32Array.from({ length: 16 }, (_, k) => (k * k) % 3)),
      },
      8,
    ),
    policy: { kind: 'ghost', groupSize: 4 },
  };
}

async function statistics(params: readonly ArrayLike<number>[] | undefined) {
  const point = pointOf(params);
  return {
    params: await Promise.all(tree.leaves(point.params).map((leaf) => leaf.data())),
    noise: await measureGradientNoise(point),
    gram: (await gradientGram(point, { form: 'gram' })).gram,
  };
}

beforeAll(() => init());
afterAll(() => init());

it('per ghost batch, norms, products and the trace of the covariance are those of float64', async () => {
  const found = await statistics(undefined);
  await init({ backend: 'reference' });
  const exact = await statistics(found.params);
  const far = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
    worst(a, b) / Math.max(...Array.from(b, Math.abs));
  expect(found.noise).toMatchObject({ unit: 'ghost batch', count: 4, microbatch: 2, halvings: 0 });
  expect(new Set(Object.values(found.noise.norms.forms))).toEqual(new Set(['gram', 'materialised']));
  for (const [path, norms] of Object.entries(exact.noise.norms.perTensor))
    expect(far(found.noise.norms.perTensor[path]!, norms)).toBeLessThan(1e-4);
  expect(far(found.gram, exact.gram)).toBeLessThan(1e-4);
  expect(far(found.noise.cosinesWithMean, exact.noise.cosinesWithMean)).toBeLessThan(1e-4);
  expect(found.noise.traceOverN / exact.noise.traceOverN).toBeCloseTo(1, 4);
});
