import { beforeAll, describe, expect, it } from 'vitest';
import {
  abs,
  crossEntropy,
  crossEntropyPerExample,
  grad,
  init,
  jit,
  mean,
  random,
  tensor,
  tree,
  type Tensor,
} from '../../engine/index.ts';
import { mlp } from '../../nn/index.ts';
import {
  discardingSmallLosses,
  discardSmallLosses,
  highestLossWeights,
  keptCount,
  plainGradient,
} from '../../optim/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const losses = (): Tensor => tensor([0.4, 3, 0.1, 2, 0.2]);

describe('discarding the smallest losses', () => {
  it('keeps ⌈(1 - p)B⌉ examples, also where float64 lies just above a whole number', () => {
    expect([0, 0.1, 0.3, 0.5, 0.7, 0.9].map((p) => keptCount(10, p))).toEqual([10, 9, 7, 5, 3, 1]);
    expect([0, 0.1, 0.3, 0.5, 0.9, 0.999].map((p) => keptCount(5, p))).toEqual([5, 5, 4, 3, 1, 1]);
  });

  it('gives the highest losses equal weights that add up to 1', async () => {
    expect([...(await highestLossWeights(losses(), 0.6).data())]).toEqual([0, 0.5, 0, 0.5, 0]);
    expect(await discardSmallLosses(losses(), 0.6).item()).toBe(2.5);
  });

  it('of equal losses keeps the later, and counts one that is not a number as highest', async () => {
    expect([...(await highestLossWeights(tensor([1, 1, 1, 1]), 0.5).data())]).toEqual([0, 0, 0.5, 0.5]);
    expect([...(await highestLossWeights(tensor([1, Number.NaN, 5]), 0.6).data())]).toEqual([0, 0.5, 0.5]);
  });

  it('is the plain mean at p = 0, bit for bit', async () => {
    const x = random.normal(random.key(3), [97]);
    expect(await discardSmallLosses(x, 0).item()).toBe(await mean(x).item());
  });

  it('is differentiable through the kept losses alone, inside a recorded step too', async () => {
    const gradient = jit((x: Tensor) => grad((y: Tensor) => discardSmallLosses(y, 0.6))(x));
    expect([...(await gradient(losses()).data())]).toEqual([0, 0.5, 0, 0.5, 0]);
  });

  it('as a gradient rule is the gradient of the mean of the highest losses, larger for larger p', async () => {
    const model = mlp({ widths: [8, 3] });
    const { params } = model.init(random.key(1), [4]);
    const x = random.normal(random.key(2), [40, 4]);
    const labels = tensor(Int32Array.from({ length: 40 }, (_, k) => k % 3));
    type Params = typeof params;
    const loss = (p: Params, batch: Tensor, w: Tensor): Tensor =>
      crossEntropy(model.apply(p, batch), labels, w);
    const flat = async (g: Params): Promise<number[]> => [...(await tree.ravel(g)[0].data())];
    const size = async (g: Params): Promise<number> => mean(abs(tree.ravel(g)[0])).item();
    const sizes: number[] = [];
    for (const discard of [0, 0.5, 0.9]) {
      const rule = jit((p: Params) => discardingSmallLosses({ discard }).gradient(loss)(p, x));
      const [value, gradient] = rule(params);
      const direct = (p: Params): Tensor =>
        discardSmallLosses(crossEntropyPerExample(model.apply(p, x), labels), discard);
      expect(await value.item()).toBeCloseTo(await direct(params).item(), 12);
      const reference = await flat(grad(direct)(params));
      (await flat(gradient)).forEach((g, k) => expect(g).toBeCloseTo(reference[k]!, 12));
      sizes.push(await size(gradient));
    }
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    const plain = await flat(plainGradient.gradient(loss)(params, x)[1]);
    expect(await flat(discardingSmallLosses({ discard: 0 }).gradient(loss)(params, x)[1])).toEqual(plain);
  });

  it('refuses shares outside [0, 1), no losses, and losses that are not a vector', () => {
    const refused: unknown = expect.objectContaining({ code: 'DISCARD' });
    for (const p of [1, -0.1, Number.NaN]) {
      expect(() => discardSmallLosses(losses(), p)).toThrow(refused);
      expect(() => discardingSmallLosses({ discard: p })).toThrow(refused);
    }
    expect(() => highestLossWeights(tensor([]), 0.5)).toThrow(refused);
    expect(() => highestLossWeights(tensor([[1, 2]]), 0.5)).toThrow(refused);
  });
});
