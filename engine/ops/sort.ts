/**
 * Sorting. Only the order is a primitive; a sorted tensor is a gather by it, and so differentiates by
 * itself. The sort is stable, NaN comes last, and -0 equals +0.
 */
import { fail } from '../graph/errors.ts';
import { emptyArray, type Aval, type NdArray } from '../graph/ndarray.ts';
import type { Primitive } from '../graph/primitive.ts';
import { normalizeAxis, stridesOf } from '../graph/shape.ts';
import { apply, type Tensor } from '../graph/tensor.ts';
import { withLeadingAxis } from './batching.ts';
import { flip } from './concat.ts';
import { takeAlongAxis } from './indexing.ts';
import { sortLaunches } from './sort-launch.ts';

export const argsortPrimitive: Primitive<{ readonly axis: number }> = {
  name: 'argsort',
  shape([x]: [Aval]) {
    if (x.dtype === 'bool') fail('DTYPE', 'argsort: is not defined for bool: cast to u32.');
    return { shape: x.shape, dtype: 'i32' };
  },
  vjp: () => [null],
  jvp: () => null,
  batch: (call) => withLeadingAxis(call, { axis: call.attributes.axis + 1 }),
  reference([x]: [NdArray], { axis }, output) {
    const result = emptyArray(output);
    const stride = stridesOf(x.shape)[axis] as number;
    const extent = x.shape[axis] as number;
    const order = (a: number, b: number): number =>
      Number.isNaN(a) || Number.isNaN(b) ? Number(Number.isNaN(a)) - Number(Number.isNaN(b)) : a - b;
    for (let first = 0; first < x.data.length; first++) {
      if (Math.floor(first / stride) % extent !== 0) continue;
      const key = (i: number): number => x.data[first + i * stride]!;
      // Infinities differ by NaN, so they are compared rather than subtracted.
      const indices = Array.from({ length: extent }, (_, i) => i).sort((i, j) =>
        key(i) === key(j) ? i - j : order(key(i), key(j)) || i - j,
      );
      indices.forEach((index, i) => (result.data[first + i * stride] = index));
    }
    return result;
  },
  kernel: { kind: 'launch', launch: sortLaunches },
  accuracy: { kind: 'exact' },
};

/** Indices (i32) that sort `x` along `axis`, ascending; equal elements keep their order. */
export function argsort(x: Tensor, axis = -1): Tensor {
  return apply(argsortPrimitive, [x], { axis: normalizeAxis('argsort', axis, x.rank) });
}

/** `x` sorted along `axis`, ascending unless `descending`. */
export function sort(
  x: Tensor,
  axis = -1,
  { descending = false }: { readonly descending?: boolean } = {},
): Tensor {
  const sorted = takeAlongAxis(x, argsort(x, axis), axis);
  return descending ? flip(sorted, axis) : sorted;
}
