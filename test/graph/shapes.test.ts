/** Shape algebra against oracles of their own: broadcasting exhaustively, axes, strides. */
import { describe, expect, test } from 'vitest';
import {
  broadcastShapes,
  normalizeAxes,
  normalizeAxis,
  sizeOf,
  stridesOf,
  withoutAxes,
  type Shape,
} from '../../engine/graph/shape.ts';
import { fibre, ravel, unravel } from '../../engine/graph/position.ts';
import { LangevinError } from '../../engine/graph/errors.ts';

/** All shapes of rank 0 to 3 with extents 0 to 3: 85 of them, 7,225 pairs. */
const SHAPES: readonly Shape[] = [0, 1, 2, 3].flatMap((rank) =>
  Array.from({ length: 4 ** rank }, (_, code) =>
    Array.from({ length: rank }, (__, axis) => Math.floor(code / 4 ** axis) % 4),
  ),
);

/** The rule by its other reading: pad with ones on the left, then stretch; undefined where it does not fit. */
function oracle(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const wide = (shape: Shape): Shape => [...new Array<number>(rank - shape.length).fill(1), ...shape];
  const pairs = wide(a).map((x, axis) => new Set([x, wide(b)[axis] as number]));
  const stretched = pairs.map((extents) => {
    extents.delete(1);
    return extents.size === 0 ? [1] : [...extents];
  });
  return stretched.every((extents) => extents.length === 1) ? stretched.flat() : undefined;
}

function broadcast(a: Shape, b: Shape): Shape | undefined {
  try {
    return broadcastShapes('test', a, b);
  } catch (error) {
    if (!(error instanceof LangevinError) || error.code !== 'BROADCAST') throw error;
    return undefined;
  }
}

describe('broadcasting', () => {
  test('gives the shape that the array API says, or refuses, for every pair of small shapes', () => {
    expect(SHAPES).toHaveLength(85);
    const wrong = SHAPES.flatMap((a) =>
      SHAPES.filter((b) => JSON.stringify(broadcast(a, b)) !== JSON.stringify(oracle(a, b))).map((b) => [
        a,
        b,
      ]),
    );
    expect(wrong).toEqual([]);
  });

  test('is commutative, and associative wherever any order fits', () => {
    const few = SHAPES.filter((shape) => shape.length <= 2);
    for (const a of few)
      for (const b of few) {
        expect(broadcast(a, b)).toEqual(broadcast(b, a));
        for (const c of few) {
          const ab = broadcast(a, b);
          const bc = broadcast(b, c);
          const left = ab && broadcast(ab, c);
          const right = bc && broadcast(a, bc);
          expect(left).toEqual(right);
        }
      }
  });

  test('names both shapes and the axis when it refuses', () => {
    expect(() => broadcastShapes('add', [2, 3], [4, 3])).toThrow(
      'add: shapes [2, 3] and [4, 3] do not broadcast: axis -2 has extents 2 and 4, which must be equal or 1.',
    );
  });
});

describe('axes', () => {
  test('count from the end when negative', () => {
    for (const rank of [1, 2, 5])
      for (let axis = 0; axis < rank; axis++) {
        expect(normalizeAxis('test', axis, rank)).toBe(axis);
        expect(normalizeAxis('test', axis - rank, rank)).toBe(axis);
      }
  });

  test.each([
    [3, 3],
    [-4, 3],
    [0, 0],
    [1.5, 3],
    [Number.NaN, 3],
  ])('refuse axis %d of rank %i', (axis, rank) => {
    expect(() => normalizeAxis('sum', axis, rank)).toThrow(expect.objectContaining({ code: 'AXIS' }));
  });

  test('are sorted, all by default, and each named once', () => {
    expect(normalizeAxes('test', undefined, 3)).toEqual([0, 1, 2]);
    expect(normalizeAxes('test', [-1, 0], 3)).toEqual([0, 2]);
    expect(normalizeAxes('test', 1, 3)).toEqual([1]);
    expect(normalizeAxes('test', [], 3)).toEqual([]);
    expect(() => normalizeAxes('test', [0, -3], 3)).toThrow('name an axis twice');
  });

  test('leave the others', () => {
    expect(withoutAxes([2, 3, 4], [0, 2])).toEqual([3]);
    expect(withoutAxes([], [])).toEqual([]);
  });
});

test('row-major strides number the elements of every small shape in order', () => {
  for (const shape of SHAPES.filter((s) => sizeOf(s) > 0)) {
    const strides = stridesOf(shape);
    const last = shape.reduce((sum, extent, axis) => sum + (extent - 1) * (strides[axis] as number), 0);
    expect(last).toBe(sizeOf(shape) - 1);
  }
});

describe('positions in WGSL', () => {
  /** Evaluates an expression of u32 constants, variables, +, *, / and %, with WGSL's precedence and integer quotients. */
  function evaluate(expression: string, variables: Readonly<Record<string, number>>): number {
    const tokens = expression.match(/\d+u|\w+|[()+*/%]/g) ?? [];
    let next = 0;
    const operand = (): number => {
      const token = tokens[next++] as string;
      if (token !== '(') return variables[token] ?? Number.parseInt(token);
      const value = sum();
      next++;
      return value;
    };
    const product = (): number => {
      let value = operand();
      while (['*', '/', '%'].includes(tokens[next] ?? '')) {
        const operator = tokens[next++];
        const right = operand();
        value =
          operator === '*' ? value * right : operator === '/' ? Math.floor(value / right) : value % right;
      }
      return value;
    };
    const sum = (): number => {
      let value = product();
      while (tokens[next] === '+') {
        next++;
        value += product();
      }
      return value;
    };
    return sum();
  }

  test('unravel and ravel are inverse for every element of every small shape', () => {
    for (const shape of SHAPES.filter((s) => sizeOf(s) > 0)) {
      const strides = stridesOf(shape);
      for (let linear = 0; linear < sizeOf(shape); linear++) {
        const at = unravel('i', shape).map((c) => evaluate(c, { i: linear }));
        expect(at).toEqual(
          shape.map((extent, axis) => Math.floor(linear / (strides[axis] as number)) % extent),
        );
        expect(
          evaluate(
            ravel(
              at.map((c) => `${c}u`),
              shape,
            ),
            {},
          ),
        ).toBe(linear);
      }
    }
  });

  test('the elements of a fibre are those that a reduction over its axes joins', () => {
    for (const shape of SHAPES.filter((s) => sizeOf(s) > 0 && s.length > 0)) {
      const strides = stridesOf(shape);
      for (let mask = 1; mask < 2 ** shape.length; mask++) {
        const axes = shape.map((_, axis) => axis).filter((axis) => (mask >> axis) & 1);
        const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
        const [inner, outer] = [axes, kept].map((list) =>
          sizeOf(list.map((axis) => shape[axis] as number)),
        ) as [number, number];
        const seen = new Set<number>();
        for (let o = 0; o < outer; o++)
          for (let r = 0; r < inner; r++) {
            const at = fibre(shape, axes, 'o', 'r');
            const coordinates = at.coordinates.map((c) => evaluate(c, { o, r }));
            const linear = coordinates.reduce((sum, c, axis) => sum + c * (strides[axis] as number), 0);
            expect(at.linear === undefined ? linear : evaluate(at.linear, { o, r })).toBe(linear);
            // The kept coordinates are those of o.
            const keptStrides = stridesOf(kept.map((axis) => shape[axis] as number));
            expect(
              kept.reduce(
                (sum, axis, k) => sum + (coordinates[axis] as number) * (keptStrides[k] as number),
                0,
              ),
            ).toBe(o);
            seen.add(linear);
          }
        expect(seen.size).toBe(sizeOf(shape));
      }
    }
  });
});
