import { beforeAll, describe, expect, it } from 'vitest';
import { crossEntropy, init, jit, random, take, tensor, tree, type Tensor } from '../../engine/index.ts';
import { mlp } from '../../nn/index.ts';
import {
  adam,
  applyUpdates,
  effectiveBatchSize,
  naiveEnhancement,
  noiseEnhanced,
  plainGradient,
  sgd,
  type GradientRule,
  type GradientTransformation,
} from '../../optim/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const N = 12;
const model = mlp({ widths: [5, 3] });
const indices = (...list: number[]): Tensor => tensor(Int32Array.from(list));
const first = (): Tensor => indices(0, 3, 5, 7);
const second = (): Tensor => indices(1, 3, 8, 11);

type Params = ReturnType<typeof model.init>['params'];
const setUp = (): { params: Params; loss: (p: Params, batch: Tensor, w: Tensor) => Tensor } => {
  const x = random.normal(random.key(1), [N, 4]);
  const labels = tensor(Int32Array.from({ length: N }, (_, i) => i % 3));
  return {
    params: model.init(random.key(2), [4]).params,
    loss: (p, batch, w) => crossEntropy(model.apply(p, take(x, batch)), take(labels, batch), w),
  };
};

const flat = async (gradient: Params): Promise<number[]> => [...(await tree.ravel(gradient)[0].data())];

async function gradientOf(rule: GradientRule, ...batches: [Tensor, Tensor?]): Promise<number[]> {
  const { params, loss } = setUp();
  return flat(rule.gradient(loss)(params, ...batches)[1]);
}

describe('the noise-enhanced gradient', () => {
  it('is α g(B) + (1 - α) g(B′), in one pass as in two', async () => {
    const [a, b] = [await gradientOf(plainGradient, first()), await gradientOf(plainGradient, second())];
    for (const alpha of [-0.5, 0.5, 1.5, 3])
      for (const form of ['one-pass', 'two-pass'] as const) {
        const d = await gradientOf(noiseEnhanced({ alpha, form }), first(), second());
        d.forEach((value, k) => expect(value).toBeCloseTo(alpha * a[k]! + (1 - alpha) * b[k]!, 12));
      }
  });

  it('combines the losses as the gradients', async () => {
    const { params, loss } = setUp();
    const value = (rule: GradientRule, ...batches: [Tensor, Tensor?]): Promise<number> =>
      rule
        .gradient(loss)(params, ...batches)[0]
        .item();
    const [a, b] = [await value(plainGradient, first()), await value(plainGradient, second())];
    for (const form of ['one-pass', 'two-pass'] as const)
      expect(await value(noiseEnhanced({ alpha: 1.5, form }), first(), second())).toBeCloseTo(
        1.5 * a - 0.5 * b,
        12,
      );
  });

  it('at α = 0 uses the second batch alone', async () => {
    expect(await gradientOf(noiseEnhanced({ alpha: 0 }), first(), second())).toEqual(
      await gradientOf(plainGradient, second()),
    );
  });

  it('of two equal batches is the plain gradient for every α', async () => {
    const plain = await gradientOf(plainGradient, first());
    for (const alpha of [-1, 0.5, 2.5, 11]) {
      const d = await gradientOf(noiseEnhanced({ alpha }), first(), first());
      d.forEach((value, k) => expect(value).toBeCloseTo(plain[k]!, 11));
    }
  });

  it('at α = 1 skips the second gradient and follows plain SGD bit for bit', async () => {
    const train = async (rule: GradientRule, optimizer: GradientTransformation): Promise<number[]> => {
      const { params, loss } = setUp();
      const step = jit((p: Params, batch: Tensor, other: Tensor) => {
        const gradient = rule.gradient(loss)(p, batch, other)[1];
        return applyUpdates(p, optimizer.update(gradient, optimizer.init(p), p)[0]);
      });
      let p = params;
      for (let t = 0; t < 4; t++) p = step(p, indices(t, t + 1, t + 2), indices(t + 4, t + 5, t + 6));
      return flat(p);
    };
    for (const optimizer of [sgd({ learningRate: 0.1 }), adam()])
      expect(await train(noiseEnhanced({ alpha: 1 }), optimizer)).toEqual(
        await train(plainGradient, optimizer),
      );
    let examples = 0;
    const { params, loss } = setUp();
    noiseEnhanced({ alpha: 1 }).gradient((p: Params, batch: Tensor, w) => {
      examples += batch.size;
      return loss(p, batch, w);
    })(params, first(), second());
    expect(examples).toBe(4);
    expect(noiseEnhanced({ alpha: 1 }).batches).toBe(1);
  });

  it('the naive form takes α g(B) + (1 - α) G with the whole set as its second argument', async () => {
    const everything = indices(...Array.from({ length: N }, (_, i) => i));
    const [a, g] = [await gradientOf(plainGradient, first()), await gradientOf(plainGradient, everything)];
    const d = await gradientOf(naiveEnhancement({ alpha: 2 }), first(), everything);
    d.forEach((value, k) => expect(value).toBeCloseTo(2 * a[k]! - g[k]!, 12));
  });

  it('asks for a second batch where α needs one, and for an α that is a number', () => {
    const { params, loss } = setUp();
    expect(() => noiseEnhanced({ alpha: 2 }).gradient(loss)(params, first())).toThrow(
      expect.objectContaining({ code: 'ARITY' }),
    );
    expect(() => noiseEnhanced({ alpha: Number.NaN })).toThrow(
      expect.objectContaining({ code: 'NOISE_ENHANCEMENT' }),
    );
  });

  it('the effective batch size of 5,000 at α = 3 is 384.6', () => {
    expect(effectiveBatchSize(5000, 3)).toBeCloseTo(384.615, 3);
    expect(effectiveBatchSize(100, 1)).toBe(100);
  });
});
