/** Normalisation and a small convolutional network on the device, held against float64. */
import { beforeAll, expect, it } from 'vitest';
import { hostTensor } from '../../engine/graph/tensor.ts';
import {
  add,
  crossEntropy,
  grad,
  hvp,
  init,
  jit,
  mul,
  random,
  slice,
  sum,
  tensor,
  tree,
  valueAndGrad,
  type Tensor,
} from '../../engine/index.ts';
import { interpret } from '../../engine/reference/interpreter.ts';
import {
  batchNorm,
  c1,
  ghostBatchNorm,
  layerNorm,
  recomputeStatistics,
  type NormParams,
  type SequentialParams,
  type SequentialState,
} from '../../nn/index.ts';
import { bounded } from '../conformance/bound.ts';
import { compare, failures } from '../conformance/checkers.ts';
import { uniform } from '../conformance/draw.ts';
import { GRADIENT } from '../conformance/tolerance.ts';
import { flat, relativeDistance, values } from './helpers.ts';

beforeAll(() => init());

const training = { training: true };
const affineParams = (): NormParams => ({ scale: tensor([1.5, -0.5]), offset: tensor([0.25, 3]) });

/** One sentence for every result that is further from its float64 value than its operations allow. */
async function faults(cases: Readonly<Record<string, () => Tensor>>): Promise<string[]> {
  const found = [];
  for (const [name, build] of Object.entries(cases)) {
    const { value, allowed } = bounded(build(), GRADIENT);
    const result = { ...value, data: await build().data() };
    found.push(compare(name, value, result, allowed));
  }
  return failures(found);
}

it('normalises as in float64, forward and backward, over groups even and uneven', async () => {
  // Host values, made anew for every graph: a device takes those over that it has computed with.
  const draw = (name: string, ...shape: number[]): Tensor => {
    const x = uniform(name, shape, [[-2, 2]]);
    return hostTensor(x, x.data);
  };
  const images = (): Tensor => draw('images', 5, 1, 2, 2);
  const rows = (): Tensor => draw('rows', 7, 2);
  const ghost = ghostBatchNorm({ groupSize: 3 });
  const square = (x: Tensor): Tensor => sum(mul(x, x).mul(x));
  const loss =
    (layer: typeof ghost) =>
    (x: Tensor): Tensor =>
      square(layer.apply(affineParams(), x, training));
  expect(
    await faults({
      'batchNorm of images': () => batchNorm().apply(affineParams(), images(), training),
      'ghostBatchNorm, groups of 3 and 4': () => ghost.apply(affineParams(), rows(), training),
      'ghostBatchNorm of two minibatches': () =>
        ghost.apply(affineParams(), slice(rows(), [0], [6]), { ...training, batches: 2 }),
      'batchNorm far from 0': () => batchNorm().apply(affineParams(), add(rows(), 100), training),
      evaluation: () =>
        batchNorm().apply(affineParams(), rows(), {
          state: { mean: tensor([1, 2]), variance: tensor([0.5, 2]) },
        }),
      layerNorm: () => layerNorm().apply(affineParams(), images()),
      'the gradient of batchNorm': () => grad(loss(batchNorm()))(images()),
      'the gradient of ghostBatchNorm': () => grad(loss(ghost))(rows()),
    }),
  ).toEqual([]);
});

it('evaluates an example to the same bits whatever its batch mates', async () => {
  const layer = batchNorm();
  const state = { mean: tensor([0.3, -0.2]), variance: tensor([0.7, 1.9]) };
  const x = random.normal(random.key(1), [5, 3, 3, 2]);
  const all = await values(layer.apply(affineParams(), x, { state }));
  for (const i of [0, 3])
    expect(await values(layer.apply(affineParams(), slice(x, [i], [i + 1]), { state }))).toEqual(
      all.slice(18 * i, 18 * (i + 1)),
    );
});

const model = c1({ plan: [4, 'M'], groupSize: 4 });
const drawBatch = (): Tensor => random.normal(random.key(2), [9, 4, 4, 3]);
const labels = (): Tensor => tensor(Int32Array.from({ length: 9 }, (_, i) => i));

it('differentiates a miniature of C1 as in float64', async () => {
  const graph = (): [Tensor, SequentialParams] =>
    valueAndGrad((p: SequentialParams) => crossEntropy(model.apply(p, drawBatch(), training), labels()))(
      model.init(random.key(1), [4, 4, 3]).params,
    );
  const [loss, gradient] = graph();
  const expected = interpret([loss, ...tree.leaves(gradient)]).map(({ data }) => [...data]);
  const [deviceLoss, deviceGradient] = graph();
  expect(relativeDistance(await values(deviceLoss), expected[0]!)).toBeLessThan(1e-5);
  // Gradients of biases in front of a normalisation are 0 and show rounding, so the scale is that of the whole.
  expect(relativeDistance(await flat(deviceGradient), expected.slice(1).flat())).toBeLessThan(1e-4);
});

it('takes a Hessian-vector product of it as in float64', async () => {
  const graph = (): SequentialParams => {
    const { params } = model.init(random.key(1), [4, 4, 3]);
    const v = model.init(random.key(3), [4, 4, 3]).params;
    return hvp((p: SequentialParams) => crossEntropy(model.apply(p, drawBatch(), training), labels()))(
      params,
      v,
    );
  };
  const expected = interpret(tree.leaves(graph())).flatMap(({ data }) => [...data]);
  expect(relativeDistance(await flat(graph()), expected)).toBeLessThan(1e-4);
});

it('trains, recomputes statistics and evaluates by recorded programs', async () => {
  const { params, state } = model.init(random.key(1), [4, 4, 3]);
  const x = drawBatch();
  const step = jit((p: SequentialParams, batch: Tensor): SequentialParams => {
    const gradient = grad((q: SequentialParams) => crossEntropy(model.apply(q, batch, training), labels()))(
      p,
    );
    return tree.map((w, g) => w.sub(g.mul(0.05)), p, gradient);
  });
  let trained: SequentialParams = params;
  for (let k = 0; k < 5; k++) trained = step(trained, x);
  const recompute = recomputeStatistics(
    (p: SequentialParams, s: SequentialState, batch: Tensor, context) =>
      model.forward(p, s, batch, context)[1],
  );
  const evaluate = jit((p: SequentialParams, s: SequentialState, batch: Tensor) =>
    crossEntropy(model.apply(p, batch, { state: s }), labels()),
  );
  const loss = (p: SequentialParams): Promise<number> => evaluate(p, recompute(p, state, [x, x]), x).item();
  expect(await loss(trained)).toBeLessThan((await loss(params)) - 0.1);
});
