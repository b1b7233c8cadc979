import { beforeAll, describe, expect, it } from 'vitest';
import { arange, conv2d as convolve, init, random, tensor, tree, type Tensor } from '../../engine/index.ts';
import {
  averagePool,
  conv2d,
  flatten,
  globalAveragePool,
  maxPool,
  parameterCount,
  type Initializer,
} from '../../nn/index.ts';
import { code, values } from './helpers.ts';

beforeAll(() => init({ backend: 'reference' }));

const key = random.key(1);
const image = (...shape: number[]): Tensor =>
  arange(shape.reduce((a, b) => a * b))
    .cast('f32')
    .reshape(shape);

describe('a convolution layer', () => {
  it('convolves with its weight and adds its bias', async () => {
    const layer = conv2d(4, { size: [3, 1], stride: 2, padding: 'valid', groups: 2 });
    const { params, outputShape } = layer.init(key, [7, 5, 6]);
    expect(tree.paths(params).map(({ path, leaf }) => `${path} ${leaf.shape.join('x')}`)).toEqual([
      'bias 4',
      'weight 3x1x3x4',
    ]);
    expect(outputShape).toEqual([3, 3, 4]);
    const x = random.normal(key, [2, 7, 5, 6]);
    const bias = tensor([1, 2, 3, 4]);
    const y = convolve(x, params.weight, { stride: 2, groups: 2 }).add(bias);
    expect(await values(layer.apply({ ...params, bias }, x))).toEqual(await values(y));
  });

  it('keeps the size of an image by default, and has no bias where told so', () => {
    const layer = conv2d(8, { bias: false });
    const { params, outputShape } = layer.init(key, [5, 7, 2]);
    expect(outputShape).toEqual([5, 7, 8]);
    expect(Object.keys(params)).toEqual(['weight']);
    expect(conv2d(8, { stride: 2, dilation: 2 }).init(key, [5, 8, 2]).outputShape).toEqual([3, 4, 8]);
  });

  it('counts the inputs and outputs of a weight through all pixels of a filter, within its group', () => {
    const seen: unknown[] = [];
    const spy: Initializer = (_key, shape, fans) => {
      seen.push({ shape, ...fans });
      return tensor(new Float32Array(shape.reduce((a, b) => a * b)), shape);
    };
    conv2d(8, { weight: spy, bias: false }).init(key, [4, 4, 6]);
    conv2d(8, { weight: spy, bias: false, groups: 2 }).init(key, [4, 4, 6]);
    expect(seen).toEqual([
      { shape: [3, 3, 6, 8], fanIn: 54, fanOut: 72 },
      { shape: [3, 3, 3, 8], fanIn: 27, fanOut: 36 },
    ]);
  });

  it('starts with the variance of the fan rule', async () => {
    const w = await values(conv2d(32).init(key, [8, 8, 16]).params.weight);
    const variance = w.reduce((a, b) => a + b * b, 0) / w.length;
    // 4,608 uniform draws: relative s.e. of the variance √(0.8/4608) = 1.3 %.
    expect(Math.abs((variance * 9 * 48) / 2 - 1)).toBeLessThan(0.065);
  });

  it('refuses what is no number of filters, pixels or groups, and examples that are no images', () => {
    for (const make of [
      () => conv2d(0),
      () => conv2d(1.5),
      () => conv2d(4, { size: [3, 0] }),
      () => conv2d(4, { groups: 3 }),
      () => conv2d(4, { groups: 0 }),
      () => conv2d(4, { groups: 2 }).init(key, [4, 4, 3]),
      () => conv2d(4).init(key, [12]),
    ])
      expect(make).toThrow(code('LAYER'));
    expect(() => conv2d(4, { stride: 0 }).init(key, [4, 4, 3])).toThrow(code('CONVOLUTION'));
    expect(() => conv2d(4, { size: 5, padding: 'valid' }).init(key, [4, 4, 3])).toThrow(code('CONVOLUTION'));
  });
});

describe('pooling layers', () => {
  const x = image(1, 4, 4, 1);

  it('take the maximum or the mean of windows, side by side unless told otherwise', async () => {
    expect(await values(maxPool(2).apply({}, x))).toEqual([5, 7, 13, 15]);
    expect(await values(averagePool(2).apply({}, x))).toEqual([2.5, 4.5, 10.5, 12.5]);
    expect(await values(maxPool([1, 4]).apply({}, x))).toEqual([3, 7, 11, 15]);
    expect(maxPool(3, { stride: 1, padding: 'same' }).init(key, [4, 4, 3]).outputShape).toEqual([4, 4, 3]);
  });

  it('average an image, and flatten one in row-major order', async () => {
    expect(await values(globalAveragePool().apply({}, image(2, 2, 2, 1)))).toEqual([1.5, 5.5]);
    const flat = flatten().apply({}, image(2, 2, 2, 3));
    expect(flat.shape).toEqual([2, 12]);
    expect(await values(flat)).toEqual(Array.from({ length: 24 }, (_, k) => k));
  });

  it('hold no parameters and know their output shapes', () => {
    for (const [layer, shape] of [
      [maxPool(2), [2, 3, 5]],
      [averagePool(), [2, 3, 5]],
      [globalAveragePool(), [5]],
      [flatten(), [120]],
    ] as const) {
      const { params, state, outputShape } = layer.init(key, [4, 6, 5]);
      expect(parameterCount(params) + parameterCount(state)).toBe(0);
      expect(outputShape).toEqual(shape);
    }
  });
});
