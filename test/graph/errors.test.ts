/** Errors: one class, stable codes, whole sentences with the values and the next step; dtype and promotion rules. */
import { beforeAll, describe, expect, test } from 'vitest';
import * as lv from '../../engine/index.ts';
import { LangevinError, type Tensor } from '../../engine/index.ts';
import { nearest } from '../../engine/graph/errors.ts';
import { placeholder } from '../../engine/graph/tensor.ts';
import { setBackend } from '../../engine/graph/backend.ts';

beforeAll(() => lv.init({ backend: 'reference' }));

const f = (...shape: number[]): Tensor => lv.zeros(shape);
const i = (...shape: number[]): Tensor => lv.zeros(shape, 'i32');
const u = (...shape: number[]): Tensor => lv.zeros(shape, 'u32');
const p = (...shape: number[]): Tensor => lv.zeros(shape, 'bool');

/** What is done, the code, and what the sentence must hold. */
const REFUSED: readonly (readonly [string, () => unknown, string, readonly string[]])[] = [
  ['shapes that do not broadcast', () => f(2, 3).add(f(4)), 'BROADCAST', ['add', '[2, 3]', '[4]']],
  ['different dtypes', () => f(2).mul(i(3)), 'DTYPE', ['mul', 'f32[2]', 'i32[3]', 'cast']],
  ['a fraction beside integers', () => i(2).add(0.5), 'DTYPE', ['0.5', 'i32']],
  ['a negative number beside u32', () => u(2).add(-1), 'DTYPE', ['-1', 'u32']],
  ['a function that dtype has not', () => i(2).exp(), 'DTYPE', ['exp', 'i32', 'f32']],
  ['the sign of unsigned', () => u(2).neg(), 'DTYPE', ['neg', 'u32']],
  ['arithmetic on truth values', () => p(2).add(p(2)), 'DTYPE', ['add', 'bool']],
  ['logic on numbers', () => lv.logicalAnd(f(2), p(2)), 'DTYPE', ['logicalAnd', 'f32']],
  [
    'inner dimensions that differ',
    () => f(3, 4).matmul(f(5, 6)),
    'SHAPE',
    ['inner dimensions differ', '[3, 4]', '[5, 6]'],
  ],
  [
    'a transposed operand that does not fit',
    () => f(3, 4).matmul(f(3, 4), { transposeA: true, transposeB: true }),
    'SHAPE',
    ['[3, 4]ᵀ · [3, 4]ᵀ'],
  ],
  [
    'batches that do not broadcast',
    () => f(2, 3, 4).matmul(f(3, 4, 5)),
    'BROADCAST',
    ['matmul', '[2]', '[3]'],
  ],
  ['a scalar as a matrix', () => f().matmul(f(2, 2)), 'RANK', ['matmul', '[]', 'mul']],
  ['a dot of matrices', () => lv.dot(f(2, 2), f(2)), 'RANK', ['dot', '[2, 2]']],
  ['an axis out of range', () => f(2, 3).sum(2), 'AXIS', ['sum', '2', 'rank 2']],
  ['an axis named twice', () => f(2, 3).sum([0, -2]), 'AXIS', ['twice']],
  ['a reshape to another size', () => f(2, 3).reshape([4]), 'SHAPE', ['[2, 3]', '6', '[4]', '4']],
  ['a -1 that nothing determines', () => f(2, 3).reshape([-1, 4]), 'SHAPE', ['-1']],
  ['two -1', () => f(2, 3).reshape([-1, -1]), 'SHAPE', ['-1']],
  ['a -1 beside nothing', () => f(0, 3).reshape([0, -1]), 'SHAPE', ['-1']],
  ['negative extents', () => f(6).reshape([-2, -3]), 'SHAPE', ['natural number']],
  ['a rank above 8', () => f(1, 1, 1, 1, 1, 1, 1, 1, 1), 'RANK', ['9', '8']],
  ['a stretch that shrinks', () => f(3).broadcastTo([1]), 'BROADCAST', ['[3]', '[1]']],
  ['a squeeze of more than one', () => f(2, 1).squeeze(0), 'SHAPE', ['squeeze', '[2, 1]', '2']],
  ['an incomplete permutation', () => f(2, 3).transpose([0, 0]), 'AXIS', ['permutation', '[2, 3]']],
  ['too many bounds', () => f(2).slice([0, 0]), 'SLICE', ['2', '[2]']],
  ['a backward step', () => f(4).slice([0], [4], [-1]), 'SLICE', ['step', '[4]']],
  ['a step of 0', () => f(4).slice([0], [4], [0]), 'SLICE', ['step']],
  ['negative padding', () => f(2).pad([[-1, 0]]), 'PAD', ['pad', '[2]']],
  ['a pad for another rank', () => f(2, 2).pad([[1, 1]]), 'PAD', ['[2, 2]']],
  [
    'pieces that do not continue',
    () => lv.concat([f(2, 3), f(2, 4)]),
    'SHAPE',
    ['[2, 4]', '[2, 3]', 'axis 0'],
  ],
  ['nothing to join', () => lv.concat([]), 'ARITY', ['at least one']],
  [
    'an index out of range',
    () => lv.take(f(3), lv.tensor(new Int32Array([3]), [1])),
    'INDEX_OUT_OF_RANGE',
    ['3', 'extent 3'],
  ],
  [
    'a negative index',
    () => lv.take(f(3), lv.tensor(new Int32Array([-1]), [1])),
    'INDEX_OUT_OF_RANGE',
    ['-1'],
  ],
  [
    'a label beyond its classes',
    () => lv.oneHot(lv.tensor(new Int32Array([5]), [1]), 5),
    'INDEX_OUT_OF_RANGE',
    ['5'],
  ],
  [
    'an update beyond its extent',
    () => lv.scatterAdd(lv.tensor(new Int32Array([2]), [1]), f(1), 0, 2),
    'INDEX_OUT_OF_RANGE',
    ['2'],
  ],
  ['indices that are not integers', () => lv.take(f(3), f(1)), 'DTYPE', ['take', 'f32', 'i32']],
  ['labels of another shape', () => lv.crossEntropy(f(4, 3), i(4, 3)), 'SHAPE', ['[4, 3]', 'last axis']],
  ['the maximum of nothing', () => f(2, 0).max(1), 'EMPTY', ['max', '[2, 0]']],
  ['the mean of nothing', () => f(0).mean(), 'EMPTY', ['mean', '[0]']],
  ['the variance of one, corrected', () => f(1).variance(0, { correction: 1 }), 'EMPTY', ['variance', '1']],
  ['the position of no maximum', () => f(0).argmax(), 'EMPTY', ['argmax']],
  ['ragged nesting', () => lv.tensor([[1, 2], [3]]), 'SHAPE', ['rectangular']],
  [
    'values that do not fill a shape',
    () => lv.tensor(new Float32Array(5), [2, 3]),
    'SHAPE',
    ['5', '[2, 3]', '6'],
  ],
  [
    'an array without a dtype',
    () => lv.tensor(new Int16Array(2) as unknown as Int32Array),
    'DTYPE',
    ['Int16Array', 'Float32Array'],
  ],
  ['a fraction as an integer', () => lv.tensor([1.5], [1], 'i32'), 'DTYPE', ['1.5', 'i32']],
  ['a number above u32', () => lv.tensor([2 ** 32], [1], 'u32'), 'DTYPE', ['4294967296', 'u32']],
  ['a branch of another dtype', () => lv.where(p(2), f(2), i(2)), 'DTYPE', ['where']],
  ['a seed that is no natural number', () => lv.random.key(-1), 'SEED', ['-1']],
  ['a key of another shape', () => lv.random.uniform(u(3), [2]), 'KEY', ['u32[3]', 'random.key']],
];

describe('the engine refuses', () => {
  test.each(REFUSED)('%s', (_what, call, code, words) => {
    let error: unknown;
    try {
      call();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(LangevinError);
    const { code: have, message, name } = error as LangevinError;
    expect([name, have]).toEqual(['LangevinError', code]);
    for (const word of words) expect(message).toContain(word);
    // One sentence: it names its operation or subject first and ends with a full stop.
    expect(message).toMatch(/^[\w[\]'.-].*\.$/s);
  });

  test('a value that is asked for while a function is captured', async () => {
    await expect(
      placeholder({ shape: [2], dtype: 'f32' }, 'argument 0')
        .add(1)
        .data(),
    ).rejects.toMatchObject({ code: 'PLACEHOLDER' });
  });

  test('a tensor that was disposed', async () => {
    const x = lv.tensor([1, 2]);
    x.dispose();
    x.dispose();
    await expect(x.data()).rejects.toMatchObject({ code: 'RELEASED' });
    await expect(x.add(1).data()).rejects.toMatchObject({ code: 'RELEASED' });
  });

  test('more than one element as an item', async () => {
    await expect(f(2).item()).rejects.toMatchObject({ code: 'SHAPE' });
    await expect(f(0).item()).rejects.toMatchObject({ code: 'SHAPE' });
  });

  test('values before a backend is installed', async () => {
    setBackend(undefined);
    try {
      await expect(f(2).data()).rejects.toMatchObject({
        code: 'NOT_INITIALIZED',
        message: expect.stringContaining('await init()') as string,
      });
    } finally {
      await lv.init({ backend: 'reference' });
    }
  });

  test('a backend that does not exist', async () => {
    await expect(lv.init({ backend: 'cuda' as 'reference' })).rejects.toMatchObject({ code: 'BACKEND' });
  });
});

describe('dtypes', () => {
  test('numbers take the dtype of the tensor beside them', () => {
    expect(
      [i(2).add(1), u(2).mul(2), f(2).sub(0.5), lv.sub(1, i(2)), lv.add(1, 2)].map((x) => x.dtype),
    ).toEqual(['i32', 'u32', 'f32', 'i32', 'f32']);
  });

  test('comparisons are bool; indices are i32; sums of bool count in i32', () => {
    expect([f(2).less(1), i(2).equal(0), p(2).notEqual(p(2)), f(2).isFinite()].map((x) => x.dtype)).toEqual([
      'bool',
      'bool',
      'bool',
      'bool',
    ]);
    expect(
      [f(2).argmax(), u(2).argsort(), p(2).sum(), lv.arange(3), lv.iota([2])].map((x) => x.dtype),
    ).toEqual(['i32', 'i32', 'i32', 'i32', 'i32']);
  });

  test('come from the array, or from what is nested', () => {
    const made = [
      new Float32Array(1),
      new Float64Array(1),
      new Int32Array(1),
      new Uint32Array(1),
      new Uint8Array(1),
    ];
    expect(made.map((values) => lv.tensor(values).dtype)).toEqual(['f32', 'f32', 'i32', 'u32', 'bool']);
    expect(
      [lv.tensor([1]), lv.tensor([true]), lv.tensor([]), lv.tensor(2), lv.tensor([[true], [false]])].map(
        String,
      ),
    ).toEqual(['f32[1]', 'bool[1]', 'f32[0]', 'f32[]', 'bool[2, 1]']);
  });

  test('host arrays are copied: changing one later changes nothing', async () => {
    const values = new Float32Array([1, 2]);
    const x = lv.tensor(values);
    values[0] = 9;
    (await x.data())[1] = 9;
    expect([...(await x.data())]).toEqual([1, 2]);
  });
});

test('a fluent method is the free function', () => {
  const [a, b] = [f(2, 3), f(3, 2)];
  expect(String(a.matmul(b).add(1).relu())).toBe(String(lv.relu(lv.add(lv.matmul(a, b), 1))));
});

test('the nearest word is suggested for a typing error, and none for another word', () => {
  expect(nearest('sofmax', ['softmax', 'sum'])).toBe('softmax');
  expect(nearest('SUM', ['softmax', 'sum'])).toBe('sum');
  expect(nearest('convolution', ['add', 'sum'])).toBe(undefined);
});
