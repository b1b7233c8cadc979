/** What f32 and WGSL could get wrong in the group rates: underflow of squares, 0/0, sorts under `jit` and `vmap`. */
import { beforeAll, expect, it } from 'vitest';
import { init, jit, random, tensor, vmap, type Tensor } from '../../engine/index.ts';
import { discardSmallLosses, groupRate, lamb, type GroupRule } from '../../optim/index.ts';

beforeAll(() => init());

const rules: GroupRule[] = ['medians', 'median-of-ratios', 'norms', 'percent-delta'];
const options = { gamma: 0.1, globalRate: 0.7, eps: 0 };

it('group rates on the device are γR from tiny gradients to large, and the global rate where there is no ratio', async () => {
  const w = tensor([1, -2, 3, 0.5, 7]);
  for (const rule of rules) {
    const rate = jit((v: Tensor, g: Tensor) => groupRate(rule, v, g, options));
    for (const R of [1e10, 2.5, 1e-10])
      expect((await rate(w, w.div(R)).item()) / (0.1 * R)).toBeCloseTo(1, 5);
    for (const [a, b] of [
      [0, 1],
      [1, 0],
      [0, 0],
    ] as const)
      expect(await rate(w.mul(a), w.mul(b)).item()).toBeCloseTo(0.7, 6);
  }
});

it('group rates of replicas are those of each replica', async () => {
  const [w, g] = [random.normal(random.key(1), [3, 2, 4]), random.normal(random.key(2), [3, 2, 4])];
  for (const rule of rules) {
    const one = (v: Tensor, d: Tensor): Tensor => groupRate(rule, v, d, options);
    const together = await jit(vmap(one))(w, g).data();
    const [ws, gs] = [await w.data(), await g.data()];
    for (let k = 0; k < 3; k++) {
      const part = (x: ArrayLike<number>): Tensor => tensor(Array.from(x).slice(8 * k, 8 * k + 8));
      expect(together[k]! / (await one(part(ws), part(gs)).item())).toBeCloseTo(1, 5);
    }
  }
});

it('LAMB moves a group by rate · ‖w‖, and a group of zeros as Adam does', async () => {
  const optimizer = lamb({ learningRate: 0.01, weightDecay: 0 });
  const params = [tensor([3, 4]), tensor([0, 0])];
  const gradients = [tensor([1, -1]), tensor([2, -2])];
  const [updates] = optimizer.update(gradients, optimizer.init(params), params);
  const [a, b] = [await updates[0]!.data(), await updates[1]!.data()];
  expect(Math.hypot(...a)).toBeCloseTo(0.05, 5);
  expect(b[0]).toBeCloseTo(-0.01, 6);
  expect(b[1]).toBeCloseTo(0.01, 6);
});

it('the mean of the highest losses is that of the sorted list', async () => {
  const losses = random.uniform(random.key(4), [1000]);
  const top = [...(await losses.data())].toSorted((a, b) => b - a).slice(0, 300);
  const mean = await jit((x: Tensor) => discardSmallLosses(x, 0.7))(losses).item();
  expect(mean).toBeCloseTo(top.reduce((a, b) => a + b, 0) / 300, 5);
});
