/**
 * Properties of operations on random shapes: movement against what it says of positions, reductions against nested
 * ones, products against identities. A case is a shape and a seed; the numbers follow from them (test/conformance/draw.ts).
 */
/* oxlint-disable vitest/expect-expect -- the helpers assert */
import { beforeAll, describe, expect, test } from 'vitest';
import { fc } from '../property.ts';
import * as lv from '../../engine/index.ts';
import type { Tensor } from '../../engine/index.ts';
import { stridesOf, type Shape } from '../../engine/graph/shape.ts';
import { array, order, uniform, uniforms } from '../conformance/draw.ts';

beforeAll(() => lv.init({ backend: 'reference' }));

const RUNS = { seed: 20_251_121, numRuns: Number(process.env['FC_RUNS'] ?? 60) };

const shape = (options: { min?: number; rank?: number } = {}): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: options.min ?? 0, max: 4 }), { maxLength: options.rank ?? 4 });
const seed = fc.nat(10_000);

function draw(extents: Shape, from: number): Tensor {
  const { data } = uniform(`property ${from}`, extents);
  return lv.tensor(data, extents);
}

async function numbers(x: Tensor): Promise<number[]> {
  return [...(await x.data())];
}

async function expectSame(x: Tensor, y: Tensor): Promise<void> {
  expect([x.shape, x.dtype]).toEqual([y.shape, y.dtype]);
  expect(await numbers(x)).toEqual(await numbers(y));
}

async function expectClose(x: Tensor, y: Tensor, tolerance = 1e-12): Promise<void> {
  expect(x.shape).toEqual(y.shape);
  const [a, b] = [await numbers(x), await numbers(y)];
  a.forEach((value, k) =>
    expect(Math.abs(value - b[k]!)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value))),
  );
}

function check<T extends [unknown, ...unknown[]]>(
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  property: (...args: T) => Promise<void>,
): Promise<void> {
  return fc.assert(fc.asyncProperty<T>(...arbitraries, property), RUNS);
}

/** The element of a row-major array at coordinates. */
function at(values: readonly number[], extents: Shape, coordinates: readonly number[]): number {
  return values[coordinates.reduce((sum, c, axis) => sum + c * stridesOf(extents)[axis]!, 0)]!;
}

describe('movement', () => {
  test('the generator draws scalars, empty shapes and extents of one', () => {
    const drawn = fc.sample(shape(), RUNS);
    for (const has of [
      (s: Shape) => s.length === 0,
      (s: Shape) => s.includes(0),
      (s: Shape) => s.includes(1),
      (s: Shape) => s.length === 4,
    ])
      expect(drawn.some(has)).toBe(true);
  });

  test('a transposed tensor has its elements where the permutation says', () =>
    check([shape(), seed], async (extents, n) => {
      const x = draw(extents, n);
      const permutation = order(`permutation ${n}`, extents.length);
      const y = x.transpose(permutation);
      const [from, to] = [await numbers(x), await numbers(y)];
      const back = y.shape.map((_, k) => permutation[k]!);
      for (let linear = 0; linear < to.length; linear++) {
        const coordinates = y.shape.map((extent, k) => Math.floor(linear / stridesOf(y.shape)[k]!) % extent);
        const source = extents.map((_, axis) => coordinates[back.indexOf(axis)]!);
        expect(to[linear]).toBe(at(from, extents, source));
      }
    }));

  test('transposing and its inverse, reshaping and back, flipping twice are the identity', () =>
    check([shape(), seed], async (extents, n) => {
      const x = draw(extents, n);
      const permutation = order(`permutation ${n}`, extents.length);
      const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
      await expectSame(x.transpose(permutation).transpose(inverse), x);
      await expectSame(x.flatten().reshape(extents), x);
      await expectSame(x.flip().flip(), x);
      await expectSame(x.expandDims(-1).squeeze(-1), x);
    }));

  test('slicing undoes padding', () =>
    check([shape(), seed], async (extents, n) => {
      const x = draw(extents, n);
      const widths = extents.map((_, k) => [(n + k) % 3, (n * 7 + k) % 2] as const);
      const padded = x.pad(widths, 9);
      expect(padded.shape).toEqual(extents.map((extent, k) => extent + widths[k]![0] + widths[k]![1]));
      await expectSame(
        padded.slice(
          widths.map(([low]) => low),
          widths.map(([low], k) => low + extents[k]!),
        ),
        x,
      );
      const outside = (await numbers(padded)).length - x.size;
      expect((await numbers(padded)).filter((value) => value === 9)).toHaveLength(outside);
    }));

  test('joining undoes splitting, along every axis', () =>
    check([shape({ min: 1 }), seed], async (extents, n) => {
      const x = draw(extents, n);
      for (let axis = 0; axis < extents.length; axis++) {
        const cut = n % (extents[axis]! + 1);
        const bounds = (value: number): number[] => extents.map((extent, k) => (k === axis ? value : extent));
        const start = extents.map((_, k) => (k === axis ? cut : 0));
        await expectSame(lv.concat([x.slice([], bounds(cut)), x.slice(start)], axis), x);
      }
    }));

  test('a stretched tensor repeats its elements', () =>
    check([shape({ rank: 3 }), seed], async (extents, n) => {
      const x = draw(
        extents.map((extent, k) => ((n >> k) & 1 ? 1 : extent)),
        n,
      );
      const wide = x.broadcastTo([2, ...extents]);
      const [from, to] = [await numbers(x), await numbers(wide)];
      for (let linear = 0; linear < to.length; linear++) {
        const coordinates = extents.map((extent, k) => Math.floor(linear / stridesOf(extents)[k]!) % extent);
        expect(to[linear]).toBe(
          at(
            from,
            x.shape,
            coordinates.map((c, k) => (x.shape[k] === 1 ? 0 : c)),
          ),
        );
      }
    }));

  test('an operation on moved elements is the move of the operation', () =>
    check([shape(), seed], async (extents, n) => {
      const x = draw(extents, n);
      await expectSame(x.transpose().exp(), x.exp().transpose());
      await expectSame(x.flip().mul(2).relu(), x.mul(2).relu().flip());
      await expectSame(x.reshape([x.size]).sin(), x.sin().flatten());
    }));

  test('taking by positions is slicing and joining', () =>
    check([shape({ min: 1, rank: 3 }), seed], async (extents, n) => {
      fc.pre(extents.length > 0);
      const x = draw(extents, n);
      const indices = order(`take ${n}`, extents[0]!);
      const rows = indices.map((row) => x.slice([row], [row + 1]));
      await expectSame(x.take(lv.tensor(Int32Array.from(indices))), lv.concat(rows));
    }));
});

describe('reductions', () => {
  test('over several axes are nested reductions', () =>
    check([shape({ min: 1 }), seed], async (extents, n) => {
      const x = draw(extents, n);
      const axes = extents.flatMap((_, axis) => ((n >> axis) & 1 ? [axis] : []));
      const nested = (f: (y: Tensor, axis: number) => Tensor): Tensor =>
        axes.toReversed().reduce((y, axis) => f(y, axis), x);
      await expectClose(
        x.sum(axes),
        nested((y, axis) => y.sum(axis)),
      );
      await expectSame(
        x.max(axes),
        nested((y, axis) => y.max(axis)),
      );
      await expectSame(
        x.min(axes),
        nested((y, axis) => y.min(axis)),
      );
      await expectClose(
        x.prod(axes),
        nested((y, axis) => y.prod(axis)),
      );
      await expectClose(
        x.mean(axes),
        nested((y, axis) => y.mean(axis)),
      );
    }));

  test('do not depend on where the axis is', () =>
    check([shape({ min: 1, rank: 3 }), seed], async (extents, n) => {
      fc.pre(extents.length > 0);
      const x = draw(extents, n);
      const moved = x.transpose([...extents.keys()].map((_, k) => (k + 1) % extents.length));
      const last = extents.length - 1;
      await expectClose(x.sum(0), moved.sum(last));
      await expectSame(x.argmax(0), moved.argmax(last));
      await expectClose(
        x.cumsum(0).transpose([...extents.keys()].map((_, k) => (k + 1) % extents.length)),
        moved.cumsum(last),
      );
    }));

  test('the last running sum is the sum, and differences undo it', () =>
    check([fc.integer({ min: 1, max: 40 }), seed], async (count, n) => {
      const x = draw([count], n);
      const running = x.cumsum();
      await expectClose(running.slice([-1]), x.sum(0, true));
      await expectClose(running.sub(running.slice([0], [-1]).pad([[1, 0]])), x);
    }));

  test('the lowest position wins a tie', () =>
    check([fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 1, maxLength: 12 })], async (values) => {
      for (const dtype of ['f32', 'i32'] as const) {
        const x = lv.tensor(Float64Array.from(values), [values.length], dtype);
        expect(await x.argmax().item()).toBe(values.indexOf(Math.max(...values)));
        expect(await x.argmin().item()).toBe(values.indexOf(Math.min(...values)));
      }
    }));

  test('a stable sort orders the values and keeps the order of equals', () =>
    check([fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 20 })], async (values) => {
      const x = lv.tensor(Float64Array.from(values), [values.length], 'i32');
      const positions = await numbers(x.argsort());
      const expected = values.map((_, k) => k).sort((a, b) => values[a]! - values[b]! || a - b);
      expect(positions).toEqual(expected);
      expect(await numbers(x.sort())).toEqual(expected.map((k) => values[k]));
    }));

  test('variance ignores a shift and scales with the square', () =>
    check([fc.integer({ min: 2, max: 20 }), seed], async (count, n) => {
      const x = draw([count], n);
      await expectClose(x.add(100).variance(), x.variance(), 1e-10);
      await expectClose(x.mul(-3).variance(), x.variance().mul(9));
    }));
});

describe('softmax', () => {
  test('has rows that sum to one, is shift-invariant, and is the gradient of log-sum-exp', () =>
    check([shape({ min: 1, rank: 3 }), seed], async (extents, n) => {
      fc.pre(extents.length > 0);
      const x = draw(extents, n);
      await expectClose(x.softmax().sum(-1), lv.ones(extents.slice(0, -1)));
      await expectClose(x.add(50).softmax(), x.softmax());
      await expectClose(x.logSoftmax().exp(), x.softmax());
      await expectClose(lv.grad((y: Tensor) => y.logsumexp().sum())(x), x.softmax());
    }));

  test('stays finite where exp would overflow', async () => {
    const x = lv.tensor([
      [80, -80, 0],
      [1e4, -1e4, 1e4],
      [-1e30, -1e30, -1e30],
    ]);
    expect(await numbers(x.softmax().sum(-1))).toEqual(
      [1, 1, 1].map((one) => expect.closeTo(one, 12) as number),
    );
    expect(await numbers(x.logsumexp())).toEqual(
      [80, 1e4 + Math.log(2), -1e30 + Math.log(3)].map((v) => expect.closeTo(v, 9) as number),
    );
    const infinite = lv.tensor([
      [-Infinity, 0],
      [-Infinity, -Infinity],
      [Infinity, 0],
    ]);
    expect(await numbers(infinite.logsumexp())).toEqual([0, -Infinity, Infinity]);
  });
});

describe('cross-entropy', () => {
  test('is the mean of the losses, or their sum with the given weights', () =>
    check(
      [fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }), seed],
      async (count, classes, n) => {
        const logits = draw([count, classes], n);
        const labels = uniforms(`labels ${n}`, count, [[0, classes]]).map(Math.floor);
        const weights = uniforms(`weights ${n}`, count, [[0, 1]]);
        const z = await numbers(logits);
        const losses = labels.map((label, i) => {
          const row = z.slice(i * classes, (i + 1) * classes);
          return Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0)) - row[label]!;
        });
        const of = (values: readonly number[]): Tensor => lv.tensor(Float64Array.from(values));
        const y = lv.tensor(Int32Array.from(labels));
        await expectClose(lv.crossEntropyPerExample(logits, y), of(losses));
        await expectClose(lv.crossEntropy(logits, y), of(losses).mean());
        await expectClose(
          lv.crossEntropy(logits, y, of(weights)),
          of(losses.map((loss, i) => loss * weights[i]!)).sum(),
        );
      },
    ));
});

describe('matrix products', () => {
  const extents = fc.tuple(
    fc.integer({ min: 0, max: 4 }),
    fc.integer({ min: 0, max: 4 }),
    fc.integer({ min: 0, max: 4 }),
  );

  test('transpose in reverse order, and agree in all four layouts', () =>
    check([extents, seed], async ([m, k, n], s) => {
      const [a, b] = [draw([m, k], s), draw([k, n], s + 1)];
      const c = a.matmul(b);
      await expectClose(b.transpose().matmul(a.transpose()), c.transpose());
      await expectClose(a.transpose().matmul(b, { transposeA: true }), c);
      await expectClose(a.matmul(b.transpose(), { transposeB: true }), c);
      await expectClose(a.transpose().matmul(b.transpose(), { transposeA: true, transposeB: true }), c);
    }));

  test('are sums of products, whole or in blocks', () =>
    check([extents, seed], async ([m, k, n], s) => {
      const [a, b] = [draw([m, k], s), draw([k, n], s + 1)];
      const c = a.expandDims(2).mul(b.expandDims(0)).sum(1);
      await expectClose(a.matmul(b), c);
      const cut = s % (k + 1);
      const left = a.slice([0, 0], [m, cut]).matmul(b.slice([0, 0], [cut, n]));
      await expectClose(left.add(a.slice([0, cut]).matmul(b.slice([cut, 0]))), c);
    }));

  test('broadcast leading axes, with one matrix for a batch on either side', () =>
    check([extents, seed], async ([m, k, n], s) => {
      const [a, b] = [draw([2, 1, m, k], s), draw([3, k, n], s + 1)];
      const c = a.matmul(b);
      expect(c.shape).toEqual([2, 3, m, n]);
      for (const [i, j] of [
        [0, 0],
        [1, 2],
      ] as const) {
        const [left, right] = [a.slice([i], [i + 1]).reshape([m, k]), b.slice([j], [j + 1]).reshape([k, n])];
        await expectClose(c.slice([i, j], [i + 1, j + 1]).reshape([m, n]), left.matmul(right));
        await expectClose(
          b
            .matmul(draw([n, 2], s))
            .slice([j], [j + 1])
            .reshape([k, 2]),
          right.matmul(draw([n, 2], s)),
        );
        await expectClose(
          draw([m, k], s)
            .matmul(b)
            .slice([j], [j + 1])
            .reshape([m, n]),
          draw([m, k], s).matmul(right),
        );
      }
    }));

  test('with the identity change nothing', () =>
    check([shape({ min: 1, rank: 2 }), seed], async (lead, n) => {
      const x = draw([...lead, 2, 3], n);
      const eye = lv.oneHot(lv.arange(3), 3);
      await expectClose(x.matmul(eye), x);
    }));
});

describe('broadcasting', () => {
  test('an operation on stretched operands is the operation, and its gradient sums over the copies', () =>
    check([shape({ rank: 3 }), seed], async (extents, n) => {
      const a = draw(extents, n);
      const b = draw(extents.map((extent, k) => ((n >> k) & 1 ? 1 : extent)).slice(n % 2), n + 1);
      const fits = b.shape.every(
        (extent, k) => extent === 1 || extent === extents[k + extents.length - b.rank],
      );
      fc.pre(fits);
      await expectSame(a.mul(b), a.mul(b.broadcastTo(extents)));
      const [, pullback] = lv.vjp((y: Tensor) => a.mul(y), b);
      const [cotangent] = pullback(lv.ones(extents));
      expect(cotangent.shape).toEqual(b.shape);
      const lead = extents.length - b.rank;
      const axes = extents.flatMap((_, axis) => (axis < lead || b.shape[axis - lead] === 1 ? [axis] : []));
      await expectClose(cotangent, a.sum(axes).reshape(b.shape));
    }));

  test('clamping, remainders and logic agree with their definitions', () =>
    check(
      [
        fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 5 }),
      ],
      async (values, divisor) => {
        for (const sign of [1, -1]) {
          const y = sign * divisor;
          const expected = values.map((x) => (((x % y) + y) % y) + 0);
          for (const dtype of ['f32', 'i32'] as const) {
            const x = lv.tensor(array(dtype, [values.length], values).data, [values.length]);
            expect((await numbers(x.remainder(y))).map((v) => v + 0)).toEqual(expected);
            expect(await numbers(x.clamp(-3, 4))).toEqual(values.map((v) => Math.min(Math.max(v, -3), 4)));
            expect(await numbers(x.greaterEqual(2))).toEqual(values.map((v) => Number(v >= 2)));
            expect(await numbers(x.notEqual(2))).toEqual(values.map((v) => Number(v !== 2)));
          }
        }
      },
    ));
});
