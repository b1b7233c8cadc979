/** Where a launch rule asks which kernel to take, and what it makes of the answer. */
import { expect, test } from 'vitest';
import type { AdapterTraits, Call } from '../../engine/graph/primitive.ts';
import type { Aval } from '../../engine/graph/ndarray.ts';
import { sizeOf } from '../../engine/graph/shape.ts';
import { primitives } from '../../engine/ops/table.ts';
import { extentClass } from '../../engine/ops/variant-choice.ts';

const adapters: readonly AdapterTraits[] = [
  { kind: 'gpu', name: 'a gpu', lanes: 32 },
  { kind: 'cpu', name: 'no subgroups' },
  { kind: 'cpu', name: 'four lanes', lanes: 4 },
  { kind: 'cpu', name: 'eight lanes', lanes: 8 },
];

const f32 = (...shape: number[]): Aval => ({ shape, dtype: 'f32' });
const plain = {
  stride: [1, 1],
  padding: [[1, 1], [1, 1]],
  dilation: [1, 1],
  groups: 1,
} as const; // prettier-ignore

/** Operations of several kernels, small and large. */
const operations: readonly (readonly [string, readonly Aval[], Call['attributes']])[] = [
  ['matmul', [f32(1, 5, 7), f32(1, 7, 3)], { transposeA: false, transposeB: false }],
  ['matmul', [f32(1, 256, 784), f32(1, 784, 500)], { transposeA: false, transposeB: false }],
  ['matmul', [f32(4, 256, 130), f32(4, 500, 130)], { transposeA: false, transposeB: true }],
  ['conv2d', [f32(2, 4, 4, 3), f32(3, 3, 3, 5)], plain],
  ['conv2d', [f32(8, 32, 32, 16), f32(3, 3, 16, 16)], plain],
  ['conv2d', [f32(8, 16, 16, 64), f32(3, 3, 64, 64)], { ...plain, stride: [2, 2] }],
  ['conv2dFilterGradient', [f32(8, 32, 32, 16), f32(8, 32, 32, 16)], { ...plain, filterSize: [3, 3] }],
  ['conv2dInputGradient', [f32(8, 32, 32, 64), f32(3, 3, 3, 64)], { ...plain, inputSize: [32, 32] }],
  ['sum', [f32(500, 256)], { axes: [0] }],
  ['sum', [f32(100_000)], { axes: [0] }],
];

interface Question {
  readonly shapeClass: string;
  readonly variants: readonly string[];
}

/** What a launch on `adapter` asks, and what it launches if the answer is `answer`. */
function launch(
  [name, inputs, attributes]: (typeof operations)[number],
  adapter: AdapterTraits,
  answer?: string,
): { readonly questions: readonly Question[]; readonly launches: string } {
  const primitive = primitives.find((each) => each.name === name);
  if (primitive?.kernel.kind !== 'launch') throw new Error(`${name} has no launch.`);
  const questions: Question[] = [];
  const choice = (shapeClass: string, variants: readonly string[]): string | undefined => {
    questions.push({ shapeClass, variants });
    return answer;
  };
  const launches = primitive.kernel.launch({
    inputs,
    output: primitive.shape(inputs, attributes),
    attributes,
    adapter: { ...adapter, choice },
    elementsOf: (input) => sizeOf((inputs[input] as Aval).shape),
  });
  return { questions, launches: JSON.stringify(launches) };
}

test.each(adapters)('on $name every launch asks once, about kernels of different names', (adapter) => {
  for (const operation of operations) {
    const { questions } = launch(operation, adapter);
    expect(questions).toHaveLength(1);
    const [{ variants }] = questions as [Question];
    expect(new Set(variants).size).toBe(variants.length);
  }
});

test.each(adapters)('on $name each answer is another launch, and no answer is the first', (adapter) => {
  for (const operation of operations) {
    const { questions, launches } = launch(operation, adapter);
    const [{ variants }] = questions as [Question];
    const answered = variants.map((name) => launch(operation, adapter, name).launches);
    expect(answered[0]).toBe(launches);
    expect(new Set(answered).size).toBe(variants.length);
  }
});

test.each(adapters)('on $name a kernel that cannot run here is not taken', (adapter) => {
  for (const operation of operations)
    expect(launch(operation, adapter, 'a kernel of another adapter').launches).toBe(
      launch(operation, adapter).launches,
    );
});

test('a class says in words what it holds', () => {
  const [adapter] = adapters as [AdapterTraits];
  expect(operations.map((operation) => launch(operation, adapter).questions[0]?.shapeClass)).toEqual([
    'matmul NN 8x8x4, left by element, right by element',
    'matmul NN 256x1024x512',
    'matmul NT 256x256x512, batch 4, left by element, right by element',
    'convolution forward 2x4x4x4 to 8, 3x3, channels by element, filters by element',
    'convolution forward 8x32x32x16 to 16, 3x3',
    'convolution forward 8x8x8x64 to 64, 3x3, stride 2x2',
    'convolution filter 8x32x32x16 to 16, 3x3',
    'convolution input 8x32x32x4 to 64, 3x3, channels by element',
    'sum f32 of 512 for each of 256, strided',
    'sum f32 of 131072 for each of 1',
  ]);
});

test('extents of one class differ by less than a factor of two', () => {
  expect([0, 1, 2, 3, 4, 5, 255, 256, 257].map(extentClass)).toEqual([0, 1, 2, 4, 4, 8, 256, 256, 512]);
});
