/**
 * Values worked out by hand, or by NumPy's documented behaviour: the interpreter is what kernels are held against, so it
 * needs an oracle of its own.
 */
/* oxlint-disable vitest/expect-expect -- expectValues asserts */
import { beforeAll, describe, expect, test } from 'vitest';
import * as lv from '../../engine/index.ts';
import type { Tensor } from '../../engine/index.ts';

beforeAll(() => lv.init({ backend: 'reference' }));

const i32 = (...x: number[]): Tensor => lv.tensor(Int32Array.from(x));
const u32 = (...x: number[]): Tensor => lv.tensor(Uint32Array.from(x));
const f32 = (...x: number[]): Tensor => lv.tensor(Float64Array.from(x));
const bool = (...x: boolean[]): Tensor => lv.tensor(x);
const MIN = -(2 ** 31);
const MAX = 2 ** 31 - 1;

async function expectValues(x: Tensor, values: readonly number[], shape = x.shape): Promise<void> {
  expect([x.shape, [...(await x.data())].map((value) => value + 0)]).toEqual([shape, values]);
}

describe('integers', () => {
  test('wrap at 32 bits', async () => {
    await expectValues(i32(MAX, MIN).add(i32(1, -1)), [MIN, MAX]);
    await expectValues(u32(0, 2 ** 32 - 1).sub(u32(1, 0)), [2 ** 32 - 1, 2 ** 32 - 1]);
    await expectValues(i32(65536, MAX).mul(i32(65536, MAX)), [0, 1]);
    await expectValues(u32(2 ** 31, 2 ** 32 - 1).mul(u32(2, 2 ** 32 - 1)), [0, 1]);
    await expectValues(lv.abs(i32(MIN, -3)), [MIN, 3]);
    await expectValues(i32(MIN).neg(), [MIN]);
  });

  test('divide towards zero, and by zero give the dividend', async () => {
    await expectValues(i32(7, -7, 7, -7, 5, MIN).div(i32(2, 2, -2, -2, 0, -1)), [3, -3, -3, 3, 5, MIN]);
    await expectValues(u32(7, 2 ** 32 - 1, 5).div(u32(2, 2, 0)), [3, 2 ** 31 - 1, 5]);
  });

  test('have a remainder with the sign of the divisor', async () => {
    await expectValues(i32(7, -7, 7, -7, 6).remainder(i32(3, 3, -3, -3, -3)), [1, 2, -2, -1, 0]);
    await expectValues(u32(7, 6).remainder(u32(4, 3)), [3, 0]);
    await expectValues(f32(7, -7, 7, -7, 6).remainder(f32(3, 3, -3, -3, -3)), [1, 2, -2, -1, 0]);
  });

  test('have extrema, also where all are negative or large', async () => {
    await expectValues(lv.max(i32(-5, -3, -9)), [-3], []);
    await expectValues(lv.min(u32(7, 4_000_000_000, 9)), [7]);
    await expectValues(lv.min(u32(4_000_000_000, 4_000_000_001)), [4_000_000_000]);
    await expectValues(lv.max(i32(MIN, MIN)), [MIN]);
    await expectValues(lv.argmin(i32(3, MIN, MAX, MIN)), [1]);
    await expectValues(lv.argmin(u32(3, 2 ** 32 - 1, 0)), [2]);
    await expectValues(lv.argmax(u32(3, 2 ** 32 - 1, 0)), [1]);
  });

  test('shift by counts modulo 32, arithmetically where signed', async () => {
    await expectValues(i32(-8, 1, 1).shiftRight(i32(1, 32, 1)), [-4, 1, 0]);
    await expectValues(u32(2 ** 31, 1).shiftRight(u32(31, 33)), [1, 0]);
    await expectValues(u32(1, 3).shiftLeft(u32(31, 33)), [2 ** 31, 6]);
    await expectValues(i32(1).shiftLeft(31), [MIN]);
  });

  test('have bitwise logic, and bools the same as logic', async () => {
    await expectValues(u32(0b1100).bitAnd(u32(0b1010)), [0b1000]);
    await expectValues(u32(0b1100).bitOr(u32(0b1010)), [0b1110]);
    await expectValues(u32(2 ** 32 - 1).bitXor(u32(0b1010)), [2 ** 32 - 11]);
    await expectValues(i32(0, -1).bitNot(), [-1, 0]);
    await expectValues(bool(true, false).logicalNot(), [0, 1]);
    await expectValues(bool(true, true, false).logicalAnd(bool(true, false, false)), [1, 0, 0]);
    await expectValues(bool(true, true, false).logicalOr(bool(true, false, false)), [1, 1, 0]);
  });
});

describe('conversion', () => {
  test('of f32 truncates towards zero and saturates', async () => {
    await expectValues(f32(2.9, -2.9, 3e9, -3e9, 1e10).cast('i32'), [2, -2, MAX, MIN, MAX]);
    await expectValues(f32(2.9, -2.9, -5, 3e9, 1e10).cast('u32'), [2, 0, 0, 3e9, 2 ** 32 - 1]);
    await expectValues(f32(0, 0.5, -1).cast('bool'), [0, 1, 1]);
  });

  test('between integers keeps the bits', async () => {
    await expectValues(i32(-1, MIN).cast('u32'), [2 ** 32 - 1, 2 ** 31]);
    await expectValues(u32(2 ** 32 - 1, 2 ** 31).cast('i32'), [-1, MIN]);
    await expectValues(i32(-1, 0).cast('bool'), [1, 0]);
    await expectValues(bool(true, false).cast('f32'), [1, 0]);
  });
});

describe('reductions', () => {
  const x = lv.tensor([
    [1, 2, 3],
    [4, 5, 7],
  ]);

  test('go over any axes, and keep them on request', async () => {
    await expectValues(x.sum(), [22], []);
    await expectValues(x.sum(0), [5, 7, 10], [3]);
    await expectValues(x.sum(-1, true), [6, 16], [2, 1]);
    await expectValues(x.sum([]), [1, 2, 3, 4, 5, 7], [2, 3]);
    await expectValues(x.mean(1), [2, 16 / 3]);
    await expectValues(x.max(0), [4, 5, 7]);
    await expectValues(x.prod(1), [6, 140]);
    await expectValues(x.prod([0, 1], true), [840], [1, 1]);
  });

  test('over nothing give the neutral element', async () => {
    await expectValues(lv.zeros([0]).sum(), [0]);
    await expectValues(lv.zeros([0, 2]).prod(0), [1, 1], [2]);
    await expectValues(lv.all(lv.zeros([0], 'bool')), [1]);
    await expectValues(lv.any(lv.zeros([0], 'bool')), [0]);
  });

  test('have a variance over n, or over n - 1', async () => {
    await expectValues(lv.tensor([1, 2, 3, 6]).variance(), [3.5]);
    await expectValues(lv.tensor([1, 2, 3, 6, 8]).variance(0, { correction: 1 }), [8.5]);
  });

  test('of bools count', async () => {
    await expectValues(lv.tensor([[true, false, true]]).sum(1), [2]);
    await expectValues(
      lv
        .tensor([
          [true, false],
          [true, true],
        ])
        .all(1),
      [0, 1],
    );
    await expectValues(
      lv
        .tensor([
          [true, false],
          [false, false],
        ])
        .any(1),
      [1, 0],
    );
  });

  test('run along an axis', async () => {
    await expectValues(x.cumsum(0), [1, 2, 3, 5, 7, 10]);
    await expectValues(x.cumsum(), [1, 3, 6, 4, 9, 16]);
    await expectValues(x.argmax(0), [1, 1, 1], [3]);
    await expectValues(lv.argmax(lv.tensor([1, 3, 3])), [1], []);
    await expectValues(lv.argmin(lv.tensor([2, 1, 1])), [1]);
    await expectValues(lv.argmax(lv.tensor([1, Number.NaN, 3])), [1]);
  });
});

describe('products', () => {
  const a = lv.tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);

  test('of vectors are scalars, of vectors and matrices vectors', async () => {
    await expectValues(lv.dot(f32(1, 2), f32(3, 4)), [11], []);
    await expectValues(lv.matmul(f32(1, 2), f32(3, 4)), [11], []);
    await expectValues(a.matmul(f32(1, -1)), [-1, -1, -1], [3]);
    await expectValues(f32(1, 0, 1).matmul(a), [6, 8], [2]);
    await expectValues(lv.matmul(f32(1, -1), a, { transposeB: true }), [-1, -1, -1], [3]);
    await expectValues(a.matmul(f32(1, 0, 1), { transposeA: true }), [6, 8], [2]);
  });

  test('of matrices exist in all four layouts', async () => {
    const [b, want] = [
      lv.tensor([
        [1, 0, 2],
        [0, 1, 1],
      ]),
      [1, 2, 4, 3, 4, 10, 5, 6, 16],
    ];
    await expectValues(a.matmul(b), want, [3, 3]);
    await expectValues(a.transpose().matmul(b, { transposeA: true }), want);
    await expectValues(a.matmul(b.transpose(), { transposeB: true }), want);
    await expectValues(a.transpose().matmul(b.transpose(), { transposeA: true, transposeB: true }), want);
  });

  test('broadcast over batches, and over no terms are zero', async () => {
    const batch = lv.stack([a, a.mul(2)]);
    await expectValues(batch.matmul(lv.tensor([[1], [1]])), [3, 7, 11, 6, 14, 22], [2, 3, 1]);
    await expectValues(lv.tensor([[1, 1, 1]]).matmul(batch), [9, 12, 18, 24], [2, 1, 2]);
    await expectValues(lv.zeros([2, 0]).matmul(lv.zeros([0, 1])), [0, 0], [2, 1]);
  });
});

describe('movement', () => {
  const x = lv.arange(6).reshape([2, 3]);

  test('slices with negative bounds and steps', async () => {
    await expectValues(lv.arange(7).slice([-3]), [4, 5, 6]);
    await expectValues(lv.arange(7).slice([1], [-1], [2]), [1, 3, 5]);
    await expectValues(x.slice([0, 1], [2, 2]), [1, 4], [2, 1]);
    await expectValues(lv.arange(3).slice([2], [1]), [], [0]);
  });

  test('pads, flips, transposes and joins', async () => {
    await expectValues(
      x.pad(
        [
          [0, 1],
          [1, 0],
        ],
        9,
      ),
      [9, 0, 1, 2, 9, 3, 4, 5, 9, 9, 9, 9],
      [3, 4],
    );
    await expectValues(x.flip(), [5, 4, 3, 2, 1, 0]);
    await expectValues(x.flip(-1), [2, 1, 0, 5, 4, 3]);
    await expectValues(x.transpose(), [0, 3, 1, 4, 2, 5], [3, 2]);
    await expectValues(lv.concat([x, x], -1), [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5], [2, 6]);
    await expectValues(lv.stack([x, x], 2), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5], [2, 3, 2]);
  });

  test.each([2, 6, 7, 36, 37, 216, 217])('joins %i tensors, in order', async (count) => {
    const parts = Array.from({ length: count }, (_, k) => lv.tensor([k]));
    await expectValues(lv.concat(parts), [...Array(count).keys()]);
  });

  test('takes, gathers, scatters and counts', async () => {
    await expectValues(lv.take(x, i32(2, 0), 1), [2, 0, 5, 3], [2, 2]);
    await expectValues(
      lv.take(x, lv.tensor(new Int32Array([1, 0, 1, 1]), [2, 2])),
      [3, 4, 5, 0, 1, 2, 3, 4, 5, 3, 4, 5],
      [2, 2, 3],
    );
    await expectValues(lv.takeAlongAxis(x, lv.tensor(new Int32Array([2, 0]), [2, 1]), 1), [2, 3], [2, 1]);
    await expectValues(lv.scatterAdd(i32(1, 1, 0), f32(1, 2, 4), 0, 3), [4, 3, 0]);
    await expectValues(lv.oneHot(i32(2, 0), 3), [0, 0, 1, 1, 0, 0], [2, 3]);
    await expectValues(lv.iota([2, 2], 1), [0, 1, 0, 1]);
  });

  test('sorts stably, NaN last', async () => {
    await expectValues(lv.sort(f32(3, -1, 2, -1)), [-1, -1, 2, 3]);
    await expectValues(lv.argsort(f32(3, -1, 2, -1)), [1, 3, 2, 0]);
    await expectValues(lv.sort(f32(3, -1, 2), 0, { descending: true }), [3, 2, -1]);
    await expectValues(lv.argsort(f32(Number.NaN, Infinity, -Infinity)), [2, 1, 0]);
    await expectValues(
      lv.sort(
        lv.tensor([
          [3, 1],
          [2, 4],
        ]),
        0,
      ),
      [2, 1, 3, 4],
    );
  });
});

describe('functions of one variable', () => {
  test.each([
    ['erf', 0.5, 0.5204998778130465],
    ['erf', 1, 0.8427007929497149],
    ['erf', -2.5, -0.999593047982555],
    ['erf', 3.5, 0.9999992569016276],
    ['sigmoid', 0, 0.5],
    ['sigmoid', -40, 4.248354255291589e-18],
    ['sigmoid', 800, 1],
    ['log1p', 1e-10, 9.9999999995e-11],
    ['expm1', 1e-10, 1.00000000005e-10],
    ['tanh', 0.5, 0.4621171572600098],
    ['rsqrt', 4, 0.5],
    ['sign', -3, -1],
    ['ceil', 1.5, 2],
    ['floor', -1.5, -2],
    ['relu', -1, 0],
  ] as const)('%s(%d) = %d', async (name, x, y) => {
    const value = await lv.tensor(x)[name]().item();
    expect(Math.abs(value - y)).toBeLessThanOrEqual(8 * Number.EPSILON * Math.abs(y));
  });

  test('pow takes negative bases with integer exponents, and 0⁰ is 1', async () => {
    await expectValues(lv.pow(f32(-2, -2, -2, 0, 0, 4), f32(3, -1, 0, 0, 2, 0.5)), [-8, -0.5, 1, 1, 0, 2]);
  });
});
