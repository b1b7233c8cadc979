import { beforeAll, describe, expect, it } from 'vitest';
import {
  crossEntropy,
  init,
  random,
  tensor,
  tree,
  zeros as zerosTensor,
  type Tensor,
} from '../../engine/index.ts';
import {
  accuracy,
  correctCount,
  dense,
  f1,
  fanInUniform,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  mlp,
  named,
  parameterCount,
  relu,
  sequential,
  sigmoid,
  tanh,
  zeros,
} from '../../nn/index.ts';

beforeAll(() => init({ backend: 'reference' }));

const key = (): Tensor => random.key(7);
const values = async (x: Tensor): Promise<number[]> => [...(await x.data())];

describe('layers', () => {
  it('a dense layer computes xW + b and flattens its examples', async () => {
    const x = tensor([
      [[1], [2]],
      [[3], [4]],
    ]);
    const params = {
      weight: tensor([
        [1, 0],
        [0, 2],
      ]),
      bias: tensor([10, 20]),
    };
    expect(await values(dense(2).apply(params, x))).toEqual([11, 24, 13, 28]);
  });

  it('activations keep shapes and hold no parameters', async () => {
    const x = tensor([[-1, 0, 2]]);
    for (const [layer, f] of [
      [relu(), (v: number) => Math.max(v, 0)],
      [tanh(), Math.tanh],
      [sigmoid(), (v: number) => 1 / (1 + Math.exp(-v))],
    ] as const) {
      const { params, outputShape } = layer.init(key(), [3]);
      expect(parameterCount(params)).toBe(0);
      expect(outputShape).toEqual([3]);
      const y = await values(layer.apply({}, x));
      [-1, 0, 2].forEach((v, k) => expect(y[k]).toBeCloseTo(f(v), 14));
    }
  });

  it('sequential composes, and keeps parameters under stable paths', () => {
    const { params, outputShape } = sequential(dense(4), relu(), named('head', dense(3))).init(key(), [2]);
    expect(tree.paths(params).map(({ path, leaf }) => `${path} ${leaf.shape.join('x')}`)).toEqual([
      'dense0/bias 4',
      'dense0/weight 2x4',
      'head/bias 3',
      'head/weight 4x3',
    ]);
    expect(outputShape).toEqual([3]);
  });

  it('adding a layer leaves the initial parameters of the others unchanged', async () => {
    const small = sequential(dense(4), dense(4)).init(key(), [4]).params;
    const large = sequential(dense(4), relu(), dense(4), tanh(), dense(2)).init(key(), [4]).params;
    for (const { path, leaf } of tree.paths(small)) {
      const other = tree.paths(large).find((entry) => entry.path === path);
      expect(await values(other!.leaf)).toEqual(await values(leaf));
    }
    const weights = tree.paths(small).filter(({ path }) => path.endsWith('weight'));
    expect(await values(weights[0]!.leaf)).not.toEqual(await values(weights[1]!.leaf));
  });

  it('refuses two layers of one name and widths that are none', () => {
    expect(() => sequential(named('a', dense(1)), named('a', dense(1)))).toThrow(
      expect.objectContaining({ code: 'LAYER' }),
    );
    expect(() => dense(0)).toThrow(expect.objectContaining({ code: 'LAYER' }));
    expect(() => mlp({ widths: [] })).toThrow(expect.objectContaining({ code: 'LAYER' }));
  });
});

describe('initialisation', () => {
  const [fanIn, fanOut] = [120, 80];
  const cases = {
    glorotUniform: [glorotUniform, 2 / 200],
    glorotNormal: [glorotNormal, 2 / 200],
    heUniform: [heUniform, 2 / 120],
    heNormal: [heNormal, 2 / 120],
    fanInUniform: [fanInUniform, 1 / 360],
  } as const;
  for (const [name, [initializer, variance]] of Object.entries(cases))
    it(`${name} has mean 0 and the variance of its fan rule`, async () => {
      const w = await values(initializer(key(), [fanIn, fanOut], { fanIn, fanOut }));
      const mean = w.reduce((a, b) => a + b) / w.length;
      const measured = w.reduce((a, b) => a + (b - mean) ** 2, 0) / w.length;
      // 9,600 draws: relative s.e. of a variance at most √(2/9600) = 1.4 %, of the mean √(variance/9600).
      expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(variance / w.length));
      expect(Math.abs(measured / variance - 1)).toBeLessThan(0.06);
    });

  it('zeros are zeros', async () => {
    expect(await values(zeros(key(), [2], { fanIn: 1, fanOut: 2 }))).toEqual([0, 0]);
  });
});

describe('models', () => {
  it('F1 has 1,900,510 parameters', () => {
    const { params, outputShape } = f1().init(key(), [28, 28, 1]);
    expect(parameterCount(params)).toBe(1_900_510);
    expect(outputShape).toEqual([10]);
  });

  it('the other perceptrons of the papers have their published sizes', () => {
    const count = (inputs: number, widths: number[]): number =>
      parameterCount(mlp({ widths }).init(key(), [inputs]).params);
    expect(count(784, [500, 500, 500, 10])).toBe(898_510);
    expect(count(784, [800, 10])).toBe(636_010);
    expect(count(196, [32, 10])).toBe(6_634);
    expect(count(196, [64, 64, 10])).toBe(17_418);
  });

  it('the initial cross-entropy of a scaled F1 lies between ln 10 and ln 10 + 1.5', async () => {
    const model = f1({ width: 24 });
    const { params } = model.init(key(), [49]);
    const x = random.uniform(random.key(1), [64, 49]);
    const labels = tensor(Int32Array.from({ length: 64 }, (_, i) => i % 10));
    const loss = await crossEntropy(model.apply(params, x), labels).item();
    expect(loss).toBeGreaterThan(Math.log(10) - 0.05);
    expect(loss).toBeLessThan(Math.log(10) + 1.5);
  });
});

describe('metrics', () => {
  it('accuracy is the share of largest logits at their labels, whatever integer the labels are', async () => {
    const logits = tensor([
      [0, 1],
      [2, 1],
      [0, 3],
      [5, 5],
    ]);
    expect(await accuracy(logits, tensor(new Uint32Array([1, 1, 1, 0]))).item()).toBe(0.75);
    expect(await correctCount(logits, tensor(new Int32Array([1, 1, 1, 1]))).item()).toBe(2);
    expect(await accuracy(zerosTensor([1, 3]), tensor(new Int32Array([0]))).item()).toBe(1);
  });
});
