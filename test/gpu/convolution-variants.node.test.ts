/**
 * Every kernel of convolution, this adapter's and those that others would run, in every direction, against float64.
 * In Node alone: a browser has the same driver, and compiling them takes most of the time.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deviceBackend } from '../../engine/gpu/backend.ts';
import type { Device } from '../../engine/gpu/device.ts';
import { currentBackend, setBackend } from '../../engine/graph/backend.ts';
import type { NdArray } from '../../engine/graph/ndarray.ts';
import type { AdapterTraits, Attributes, Call, Primitive } from '../../engine/graph/primitive.ts';
import { sizeOf } from '../../engine/graph/shape.ts';
import { apply, hostTensor, type Tensor } from '../../engine/graph/tensor.ts';
import { broadcastTo, conv2d, currentDevice, init } from '../../engine/index.ts';
import { windowCount, type ConvolutionAttributes } from '../../engine/ops/convolution-geometry.ts';
import {
  conv2dFilterGradientPrimitive,
  conv2dInputGradientPrimitive,
  conv2dPrimitive,
} from '../../engine/ops/convolution.ts';
import { interpret } from '../../engine/reference/interpreter.ts';
import { checkKernel, failures } from '../conformance/checkers.ts';
import { uniform } from '../conformance/draw.ts';

beforeAll(() => init());
afterAll(() => init());

interface Case {
  readonly primitive: Primitive;
  readonly inputs: readonly NdArray[];
  readonly attributes: Attributes;
}

/** conv2d and its gradients at one geometry: x [..., N, H, W, C], w [..., R, S, C/groups, O]. */
function cases(
  x: readonly number[],
  w: readonly number[],
  changes: Partial<ConvolutionAttributes> = {},
): [forward: Case, input: Case, filter: Case] {
  const none = [0, 0] as const;
  const shared = { stride: [1, 1], padding: [none, none], dilation: [1, 1], groups: 1, ...changes } as const;
  const count = (axis: 0 | 1): number =>
    windowCount(
      x.at(axis - 3) as number,
      w.at(axis - 4) as number,
      shared.stride[axis],
      shared.padding[axis],
      shared.dilation[axis],
    );
  const y = [...x.slice(0, -3), count(0), count(1), w.at(-1) as number];
  const [image, filter, result] = [uniform('x', x), uniform('w', w), uniform('y', y)];
  return [
    { primitive: conv2dPrimitive, inputs: [image, filter], attributes: shared },
    {
      primitive: conv2dInputGradientPrimitive,
      inputs: [result, filter],
      attributes: { ...shared, inputSize: x.slice(-3, -1) },
    },
    {
      primitive: conv2dFilterGradientPrimitive,
      inputs: [image, result],
      attributes: { ...shared, filterSize: w.slice(-4, -2) },
    },
  ];
}

function compute({ primitive, inputs, attributes }: Case): Tensor {
  return apply(
    primitive,
    inputs.map((input) => hostTensor(input, input.data)),
    attributes,
  );
}

/** What the adapter in use makes of all cases; their pipelines compile beside each other. */
async function results(all: readonly Case[]): Promise<NdArray[]> {
  const tensors = all.map(compute);
  await currentBackend().realize(tensors);
  const data = await Promise.all(tensors.map((x) => x.data()));
  return tensors.map(({ shape, dtype }, k) => ({ shape, dtype, data: data[k] as NdArray['data'] }));
}

/** The shaders that a case launches on an adapter. */
function shadersOf({ primitive, inputs, attributes }: Case, adapter: AdapterTraits): string[] {
  const call: Call = {
    inputs,
    output: primitive.shape(inputs, attributes),
    attributes,
    adapter,
    elementsOf: (input) => sizeOf((inputs[input] as NdArray).shape),
  };
  return primitive.kernel.kind === 'launch' ? primitive.kernel.launch(call).map(({ shader }) => shader) : [];
}

const awkward: readonly Case[] = [
  // Three colours, and a number of filters that no tile divides.
  cases([2, 12, 11, 3], [5, 3, 3, 10], { padding: [[2, 1], [0, 3]] }), // prettier-ignore
  // Strides that dilation shares factors with, groups, and channels that are no multiple of four.
  cases([2, 13, 12, 14], [3, 2, 7, 18], { stride: [4, 2], dilation: [2, 3], groups: 2, padding: [[1, 4], [2, 0]] }), // prettier-ignore
  // A batch of convolutions, in vectors.
  cases([2, 3, 8, 7, 8], [2, 3, 3, 8, 12], { stride: [2, 1], padding: [[1, 1], [1, 1]] }), // prettier-ignore
  // Pixels that no window sees, and a long sum for few results.
  cases([17, 17, 16, 8], [1, 1, 8, 68], { stride: [2, 2] }),
  // Padding that reaches further than the filter, so that whole outputs see nothing.
  cases([1, 9, 8, 20], [2, 3, 20, 36], { padding: [[7, 5], [6, 8]] }), // prettier-ignore
  // Depthwise.
  cases([1, 9, 9, 10], [3, 3, 1, 10], { groups: 10 }),
].flat();

const gpu: AdapterTraits = { kind: 'gpu', name: 'pretended' };

for (const pretended of [undefined, gpu]) {
  const whose = pretended ? 'a gpu' : 'this adapter';
  test(`the convolutions of ${whose} are right in all directions on awkward shapes`, async () => {
    await init();
    const device = currentDevice() as Device;
    if (pretended)
      setBackend(deviceBackend(Object.create(device, { traits: { value: pretended } }) as Device));
    // A tiled kernel takes a while to compile: the first three geometries, and the sum that is cut.
    const chosen = pretended ? [...awkward.slice(0, 9), awkward[11] as Case] : awkward;
    const arrays = await results(chosen);
    const deviations = chosen.map(({ primitive, inputs, attributes }, k) =>
      checkKernel(primitive, { inputs, attributes }, arrays[k] as NdArray),
    );
    expect(failures(deviations)).toEqual([]);
  }, 60_000);
}

test('an infinite or undefined pixel reaches the results that see it, and no others', async () => {
  await init();
  const poisoned = [
    ...cases([2, 8, 9, 5], [3, 3, 5, 21], { padding: [[1, 2], [0, 1]], stride: [1, 2] }), // prettier-ignore
    ...cases([3, 9, 7, 16], [3, 3, 8, 24], { padding: [[1, 1], [1, 1]], groups: 2 }), // prettier-ignore
  ].map((given): Case => {
    const [image, other] = given.inputs as [NdArray, NdArray];
    const data = image.data.slice();
    data[0] = Infinity;
    data[Math.floor(0.6 * data.length)] = NaN;
    data[data.length - 1] = -Infinity;
    return { ...given, inputs: [{ ...image, data }, other] };
  });
  const arrays = await results(poisoned);
  for (const [k, given] of poisoned.entries()) {
    const [expected] = interpret([compute(given)]) as [NdArray];
    const pattern = ({ data }: NdArray): boolean[] => Array.from(data as Float32Array, Number.isFinite);
    expect(pattern(arrays[k] as NdArray)).toEqual(pattern(expected));
  }
}, 60_000);

test('one filter serves a batch of convolutions without being copied', async () => {
  await init();
  const [x, w] = [uniform('images', [3, 2, 6, 6, 8]), uniform('shared', [1, 3, 3, 8, 16])];
  const build = (): Tensor =>
    conv2d(hostTensor(x, x.data), broadcastTo(hostTensor(w, w.data), [3, 3, 3, 8, 16]));
  const [expected] = interpret([build()]) as [NdArray];
  const actual = await build().data();
  expected.data.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 4));
});

test('a long sum for few results is cut into chunks that a second launch adds', () => {
  const [, , filter] = cases([8, 32, 32, 16], [3, 3, 16, 16], { padding: [[1, 1], [1, 1]] }); // prettier-ignore
  const cpu: AdapterTraits = { kind: 'cpu', name: 'pretended', lanes: 8 };
  expect(shadersOf(filter, cpu)).toEqual(['conv_filter_subgroup', 'reduce']);
  expect(shadersOf(filter, gpu)).toEqual(['conv_tiled', 'reduce']);
  const [forward] = cases([8, 32, 32, 16], [3, 3, 16, 16]);
  expect(shadersOf(forward, cpu)).toEqual(['conv_subgroup']);
});

test('products too small or too narrow for a tile take one thread for each result', () => {
  const cpu: AdapterTraits = { kind: 'cpu', name: 'pretended', lanes: 4 };
  for (const small of cases([1, 4, 4, 4], [3, 3, 4, 4]))
    expect(shadersOf(small, cpu)).toEqual(['conv_direct']);
  for (const depthwise of cases([8, 16, 16, 64], [3, 3, 1, 64], { groups: 64 }))
    expect(shadersOf(depthwise, cpu)).toEqual(['conv_direct']);
});
