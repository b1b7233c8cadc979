/** Which kernels are joined along rows, and which must not be. No device. */
import { expect, test } from 'vitest';
import { captureGraph } from '../../engine/compile/capture.ts';
import { compile, type Target } from '../../engine/compile/compile.ts';
import type { Program } from '../../engine/compile/program.ts';
import { placeholder, type Tensor } from '../../engine/graph/tensor.ts';
import { crossEntropy, flip, matmul, mean, softmax, sqrt, sum, valueAndGrad } from '../../engine/index.ts';

const target: Target = { adapter: { kind: 'cpu', name: 'test' }, maxBuffers: 10 };

function argument(shape: readonly number[], dtype: Tensor['dtype'] = 'f32'): Tensor {
  return placeholder({ shape, dtype }, 'x');
}

function program(outputs: readonly Tensor[], args: readonly Tensor[], on: Target = target): Program {
  return compile(
    captureGraph(outputs, args, 'constants'),
    args.map(() => false),
    on,
  );
}

const shadersOf = ({ dispatches }: Program): string[] => dispatches.map(({ shader }) => shader);

const loopsOf = ({ dispatches }: Program): number =>
  (dispatches[0]?.code.match(/for \(var r = 0u; r < LENGTH/g) ?? []).length;

test('a softmax is one kernel of three loops', () => {
  const x = argument([32, 10]);
  const result = program([softmax(x)], [x]);
  expect(shadersOf(result)).toEqual(['rows']);
  expect(loopsOf(result)).toBe(3);
  expect(result.slots).toEqual([]);
});

test('a softmax over the first axis is one kernel too', () => {
  const x = argument([10, 32]);
  expect(shadersOf(program([softmax(x, 0)], [x]))).toEqual(['rows']);
});

test('a cross-entropy with its gradient is one kernel, and one that adds up the losses', () => {
  const [x, labels] = [argument([32, 10]), argument([32], 'i32')];
  const [loss, gradient] = valueAndGrad((logits: Tensor) => crossEntropy(logits, labels))(x);
  expect(shadersOf(program([loss, gradient], [x, labels]))).toEqual(['rows', 'reduce']);
});

test('a normalisation of rows with scale and offset is one kernel', () => {
  const [x, scale, offset] = [argument([16, 24]), argument([24]), argument([24])];
  const centred = x.sub(mean(x, -1, true));
  const y = centred
    .div(sqrt(mean(centred.mul(centred), -1, true).add(1e-5)))
    .mul(scale)
    .add(offset);
  expect(shadersOf(program([y], [x, scale, offset]))).toEqual(['rows']);
});

test('reductions of one tensor along the same axes share a loop', () => {
  const x = argument([16, 24]);
  const result = program([sum(x, 1), sum(x.mul(x), 1)], [x]);
  expect(shadersOf(result)).toEqual(['rows']);
  expect(loopsOf(result)).toBe(1);
});

test('reductions along different axes are not joined', () => {
  const x = argument([16, 24]);
  expect(shadersOf(program([sum(x, 0), sum(x, 1)], [x]))).toEqual(['reduce', 'reduce']);
});

test('what reads the row in another order is not joined', () => {
  const x = argument([16, 24]);
  const result = program([flip(softmax(x).mul(2), 1)], [x]);
  expect(shadersOf(result).at(-1)).toBe('map');
  expect(program([flip(softmax(x), 0)], [x]).dispatches.at(-1)?.shader).toBe('map');
});

test('what follows through another kernel is not joined', () => {
  // The product needs the whole softmax, and the last map needs the product.
  const [x, w] = [argument([16, 16]), argument([16, 16])];
  const y = softmax(x);
  expect(shadersOf(program([y.add(matmul(matmul(y, w), w))], [x, w]))).toEqual([
    'rows',
    'matmul_small',
    'matmul_small',
  ]);
});

test('long rows keep kernels of their own, where a thread for each would leave cores idle', () => {
  const x = argument([4, 100_000]);
  expect(shadersOf(program([softmax(x)], [x]))).not.toContain('rows');
});

test('on a GPU only short rows are joined', () => {
  const gpu: Target = { adapter: { kind: 'gpu', name: 'test' }, maxBuffers: 10 };
  const [short, long] = [argument([4096, 10]), argument([4096, 512])];
  expect(shadersOf(program([softmax(short)], [short], gpu))).toEqual(['rows']);
  expect(shadersOf(program([softmax(long)], [long], gpu))).not.toContain('rows');
});

test('a joined kernel keeps to the number of buffers that the adapter binds', () => {
  const x = argument([16, 24]);
  const others = Array.from({ length: 6 }, () => argument([16, 24]));
  const y = others.reduce((total, other) => total.add(softmax(x.mul(other))), x);
  for (const { bindings } of program([y], [x, ...others], { ...target, maxBuffers: 5 }).dispatches)
    expect(bindings.length).toBeLessThanOrEqual(5);
});
