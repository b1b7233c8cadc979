import { beforeAll, expect, test } from 'vitest';
import { init, jit, grad, tensor, counters, relu, matmul, type Tensor } from '../../engine/index.ts';

beforeAll(() => init());

test('elementwise chains run', async () => {
  const x = tensor([1, 2, 3, 4]);
  expect([...(await x.mul(2).add(x).data())]).toEqual([3, 6, 9, 12]);
});

test('matmul and reductions run', async () => {
  const a = tensor([[1, 2], [3, 4]]);
  const b = tensor([[5, 6], [7, 8]]);
  expect([...(await matmul(a, b).add(1).relu().data())]).toEqual([20, 23, 44, 51]);
  expect([...(await a.sum(0).data())]).toEqual([4, 6]);
  expect([...(await a.transpose().data())]).toEqual([1, 3, 2, 4]);
});

test('jit with donation updates in place', async () => {
  const step = jit((w: Tensor, x: Tensor) => w.sub(grad((w: Tensor) => relu(matmul(x, w)).sum())(w).mul(0.1)), { donate: [0] });
  let w = tensor([[1], [2]]);
  const x = tensor([[1, 2], [3, 4]]);
  for (let i = 0; i < 3; i++) w = step(w, x);
  console.log([...(await w.data())], counters());
  expect([...(await w.data())].map((v) => Math.round(v * 1e4) / 1e4)).toEqual([-0.2, 0.2]);
});
