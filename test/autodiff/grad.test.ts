import { beforeAll, expect, test } from 'vitest';
import { setBackend } from '../../engine/graph/backend.ts';
import { referenceBackend } from '../../engine/reference/interpreter.ts';
import { grad, hessian, hvp, tensor, random, crossEntropy, type Tensor } from '../../engine/index.ts';

beforeAll(() => setBackend(referenceBackend()));

test('a derivative taken inside another does not see the outer one’s paths', async () => {
  const one = tensor(1);
  const f = (x: Tensor): Tensor => x.mul(grad((y: Tensor) => x.add(y))(one));
  expect(await grad(f)(tensor(2)).item()).toBe(1);
});

test('the gradient of a broadcast input is summed over the broadcast axes', async () => {
  const g = grad((b: Tensor) =>
    b
      .mul(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      )
      .sum(),
  )(tensor([10, 20]));
  expect([...(await g.data())]).toEqual([4, 6]);
});

test('the Hessian of a cubic is exact', async () => {
  const h = hessian((x: Tensor) => x.mul(x).mul(x).sum())(tensor([1, 2]));
  expect([...(await h.data())]).toEqual([6, 0, 0, 12]);
  const v = hvp((x: Tensor) => x.mul(x).mul(x).sum())(tensor([1, 2]), tensor([1, 1]));
  expect([...(await v.data())]).toEqual([6, 12]);
});

test('keys split as JAX splits them', async () => {
  expect([...(await random.split(random.key(0)).data())]).toEqual([
    1797259609, 2579123966, 928981903, 3453687069,
  ]);
});

test('the gradient of the cross-entropy is softmax minus one-hot', async () => {
  const g = grad((z: Tensor) => crossEntropy(z, tensor(new Int32Array([1]), [1])))(tensor([[0, 0]]));
  expect([...(await g.data())]).toEqual([0.5, -0.5]);
});
