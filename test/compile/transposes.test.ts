/** When a transpose is stored, and which kernel stores it. No device. */
import { expect, test } from 'vitest';
import { captureGraph } from '../../engine/compile/capture.ts';
import { compile } from '../../engine/compile/compile.ts';
import { placeholder, type Tensor } from '../../engine/graph/tensor.ts';
import { matmul, transpose } from '../../engine/index.ts';

function shadersOf(
  f: (x: Tensor) => Tensor,
  shape: readonly number[],
  kind: 'cpu' | 'gpu' = 'gpu',
): string[] {
  const x = placeholder({ shape, dtype: 'f32' }, 'x');
  const graph = captureGraph([f(x)], [x], 'constants');
  const { dispatches } = compile(graph, [false], { adapter: { kind, name: 'test' }, maxBuffers: 10 });
  return dispatches.map(({ shader }) => shader);
}

test('a stored transpose of the last two axes goes through tiles on a GPU, and is a map elsewhere', () => {
  expect(shadersOf((x) => transpose(x), [70, 50])).toEqual(['transpose_tiled']);
  expect(shadersOf((x) => transpose(x, [0, 2, 1]), [3, 70, 50])).toEqual(['transpose_tiled']);
  expect(shadersOf((x) => transpose(x), [70, 50], 'cpu')).toEqual(['map']);
});

test('other permutations, narrow matrices, and transposes with something else to do are maps', () => {
  expect(shadersOf((x) => transpose(x, [1, 0, 2]), [30, 40, 50])).toEqual(['map']);
  expect(shadersOf((x) => transpose(x), [7000, 8])).toEqual(['map']);
  expect(shadersOf((x) => transpose(x).mul(2), [70, 50])).toEqual(['map']);
});

test('a product reads a transposed operand in place', () => {
  expect(shadersOf((x) => matmul(x, transpose(x)), [70, 50])).toEqual(['matmul_tiled']);
});
