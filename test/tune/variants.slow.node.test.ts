/** Any choice is right: each kernel of the convolutions, in every direction, against float64. Most of it is compiling. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Device } from '../../engine/gpu/device.ts';
import type { AdapterTraits } from '../../engine/graph/primitive.ts';
import { currentDevice, init } from '../../engine/index.ts';
import { matmulPrimitive } from '../../engine/ops/contraction.ts';
import {
  conv2dFilterGradientPrimitive,
  conv2dInputGradientPrimitive,
  conv2dPrimitive,
} from '../../engine/ops/convolution.ts';
import { failures } from '../conformance/checkers.ts';
import { uniform } from '../conformance/draw.ts';
import { deviationsOf, type Case } from './forced.ts';

beforeAll(() => init());
afterAll(() => init());

/** Forward and both gradients of [2, 24, 24, channels] and 3x3 filters, which are sums long enough to be cut. */
function cases(channels: number, filters: number, stride: number): Case[] {
  const size = Math.ceil(24 / stride);
  const attributes = {
    stride: [stride, stride],
    padding: [[1, stride === 1 ? 1 : 0], [1, stride === 1 ? 1 : 0]],
    dilation: [1, 1],
    groups: 1,
  } as const; // prettier-ignore
  const x = uniform('image', [2, 24, 24, channels]);
  const w = uniform('filter', [3, 3, channels, filters]);
  const y = uniform('result', [2, size, size, filters]);
  return [
    { primitive: conv2dPrimitive, inputs: [x, w], attributes },
    {
      primitive: conv2dInputGradientPrimitive,
      inputs: [y, w],
      attributes: { ...attributes, inputSize: [24, 24] },
    },
    {
      primitive: conv2dFilterGradientPrimitive,
      inputs: [x, y],
      attributes: { ...attributes, filterSize: [3, 3] },
    },
  ];
}

const gpu: AdapterTraits = { kind: 'gpu', name: 'pretended' };

test.each([
  [16, 20, 1],
  [5, 70, 2],
])('each kernel of a convolution of %i channels to %i, stride %i, is right', async (...shape) => {
  const { traits } = currentDevice() as Device;
  for (const each of cases(...shape)) {
    const found = await deviationsOf(each, traits);
    expect(found.size).toBeGreaterThan(2);
    for (const [name, deviation] of found) expect(failures([deviation]), name).toEqual([]);
  }
});

test('each kernel of a gpu is right in a convolution of 16 channels to 20', async () => {
  for (const each of cases(16, 20, 1))
    for (const [name, deviation] of await deviationsOf(each, gpu))
      expect(failures([deviation]), name).toEqual([]);
});

/** M, N, K; the second is large enough for every tile, and its sums for chunks. */
const [tall, long] = [[130, 36, 64], [260, 140, 516]] as const; // prettier-ignore

test.each([
  [false, false],
  [false, true],
  [true, false],
  [true, true],
])('each kernel of a matrix product is right in the layout %s, %s', async (transposeA, transposeB) => {
  const { traits } = currentDevice() as Device;
  const halves = (currentDevice() as Device).gpu.features.has('shader-f16');
  const runs = [
    ...[[1, 129, 70] as const, tall, long].map((sizes) => [traits, sizes] as const),
    ...[tall, long].map((sizes) => [gpu, sizes] as const),
    ...(halves ? [[{ ...gpu, products: 'f16' }, long] as const] : []),
  ];
  for (const [adapter, [m, n, k]] of runs) {
    const shapes = [transposeA ? [k, m] : [m, k], transposeB ? [n, k] : [k, n]];
    // Numbers that f16 holds, so that products of f16 keep the bound of f32.
    const inputs = shapes.map((shape, side) => {
      const { data, ...rest } = uniform(`operand ${side}`, shape);
      return { ...rest, data: data.map((x) => Math.round(x * 64) / 64) };
    });
    const each: Case = { primitive: matmulPrimitive, inputs, attributes: { transposeA, transposeB } };
    for (const [name, deviation] of await deviationsOf(each, adapter))
      expect(failures([deviation]), name).toEqual([]);
  }
});
