import { beforeAll, expect, it } from 'vitest';
import {
  crossEntropy,
  init,
  log,
  random,
  sum,
  tensor,
  tree,
  valueAndGrad,
  type Tensor,
} from '../../engine/index.ts';
import { dense, firstNonFinite, relu, sequential } from '../../nn/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const model = sequential(dense(4), relu(), dense(3), relu(), dense(2));
const labels = tensor(new Int32Array([0, 1]));
const x = tensor([
  [1, 2],
  [3, 4],
]);

it('finds nothing in a finite step', async () => {
  const { params } = model.init(random.key(1), [2]);
  const loss = (p: typeof params): Tensor => crossEntropy(model.apply(p, x), labels);
  expect(await firstNonFinite(valueAndGrad(loss)(params), { params })).toBeUndefined();
});

it('names the parameter that was not finite to begin with', async () => {
  const { params } = model.init(random.key(1), [2]);
  const poisoned = {
    ...params,
    dense1: { ...(params['dense1'] as object), bias: tensor([0, Number.NaN, 0]) },
  };
  const found = await firstNonFinite([crossEntropy(model.apply(poisoned, x), labels)], { params: poisoned });
  expect(found).toMatchObject({ primitive: 'input', input: 'params/dense1/bias', shape: [3] });
});

it('names the layer, primitive and shape where an overflow arose', async () => {
  const { params } = model.init(random.key(1), [2]);
  const huge = tree.map(
    (leaf) => leaf.mul(0).add(1e200),
    params['dense1'] as { weight: Tensor; bias: Tensor },
  );
  const hot = {
    ...params,
    dense0: tree.map((leaf) => leaf.mul(0).add(1e200), params['dense0']!),
    dense1: huge,
  };
  const found = await firstNonFinite([crossEntropy(model.apply(hot, x), labels)], { params: hot });
  expect(found).toMatchObject({ primitive: 'matmul', layer: 'dense1', shape: [2, 3] });
  expect(found!.description).toContain("in layer 'dense1'");
});

it('names a primitive outside all layers', async () => {
  expect(await firstNonFinite([sum(log(tensor([0, 1])))])).toMatchObject({ primitive: 'log', shape: [2] });
});
