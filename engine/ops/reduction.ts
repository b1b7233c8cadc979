/**
 * Reductions over axes, and the running sum. Summation order is fixed by the shapes, so results repeat
 * bit for bit. Over no elements a sum is 0 and a product 1; an extremum has no value and is refused.
 */
import type { DType } from '../graph/dtype.ts';
import { fail } from '../graph/errors.ts';
import { emptyArray, type Aval, type NdArray } from '../graph/ndarray.ts';
import { fibre } from '../graph/position.ts';
import type { BatchCall, Differential, Launch, Primitive } from '../graph/primitive.ts';
import {
  normalizeAxes,
  normalizeAxis,
  show,
  sizeOf,
  stridesOf,
  withoutAxes,
  type Shape,
} from '../graph/shape.ts';
import { apply, type Tensor } from '../graph/tensor.ts';
import { div, mul, neg, sub } from './arithmetic.ts';
import { withLeadingAxis } from './batching.ts';
import { ones } from './broadcast.ts';
import { bitNot, cast, equal } from './compare.ts';
import { concat, flip } from './concat.ts';
import { broadcastTo, reshape } from './movement.ts';
import { reduceLaunches } from './reduce-launch.ts';
import { slice } from './slice.ts';

export type AxesAttributes = { readonly axes: readonly number[] };
type Axes = number | readonly number[] | undefined;

/** `shape` with extent 1 in place of the reduced axes. */
function keepDims(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
}

/** A reduced tensor stretched back over the axes it lost. */
function unreduce(reduced: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  return broadcastTo(reshape(reduced, keepDims(shape, axes)), shape);
}

/** Calls `visit(outer, position)` for every element, fibre by fibre in row-major order. */
function eachFibre(
  shape: Shape,
  axes: readonly number[],
  visit: (outer: number, linear: number) => void,
): void {
  const strides = stridesOf(shape);
  const offsets = (list: readonly number[]): number[] =>
    list.reduce<number[]>(
      (bases, axis) =>
        bases.flatMap((base) =>
          Array.from({ length: shape[axis] as number }, (_, c) => base + c * (strides[axis] as number)),
        ),
      [0],
    );
  const inner = offsets(axes);
  offsets(shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis))).forEach((base, outer) => {
    for (const offset of inner) visit(outer, base + offset);
  });
}

function reduceShape(name: string, dtypes: readonly DType[], needsElements: boolean) {
  return ([x]: [Aval], { axes }: AxesAttributes): Aval => {
    if (!dtypes.includes(x.dtype))
      fail('DTYPE', `${name}: is not defined for ${x.dtype}: cast to ${dtypes.join(', ')}.`);
    if (needsElements && sizeOf(axes.map((axis) => x.shape[axis] as number)) === 0)
      fail(
        'EMPTY',
        `${name}: axes ${show(axes)} of ${show(x.shape)} hold no elements, so there is no ${name}.`,
      );
    return { shape: withoutAxes(x.shape, axes), dtype: x.dtype };
  };
}

function foldReference(fold: (a: number, b: number) => number, start: (dtype: DType) => number) {
  return ([x]: [NdArray], { axes }: AxesAttributes, output: Aval): NdArray => {
    const result = emptyArray(output);
    result.data.fill(start(x.dtype));
    eachFibre(x.shape, axes, (outer, linear) => {
      result.data[outer] = fold(result.data[outer] as number, x.data[linear] as number);
    });
    return result;
  };
}

/** What a maximum starts from: no value is below it. */
function lowest(dtype: DType): number {
  return dtype === 'f32' ? -Infinity : dtype === 'i32' ? -(2 ** 31) : 0;
}

/** What a minimum starts from: no value is above it. */
function highest(dtype: DType): number {
  return dtype === 'f32' ? Infinity : dtype === 'i32' ? 2 ** 31 - 1 : 2 ** 32 - 1;
}

function batchAxes(call: BatchCall<AxesAttributes>): Tensor {
  return withLeadingAxis(call, { axes: call.attributes.axes.map((axis) => axis + 1) });
}

const numbers: readonly DType[] = ['f32', 'i32', 'u32'];

export const sumPrimitive: Primitive<AxesAttributes> = {
  name: 'sum',
  shape: reduceShape('sum', numbers, false),
  vjp: (ct, [x]: [Tensor], _output, { axes }) => [unreduce(ct, x.shape, axes)],
  jvp: ([t]: [Differential], _inputs, _output, { axes }) => t && apply(sumPrimitive, [t], { axes }),
  batch: batchAxes,
  reference: foldReference(
    (a, b) => a + b,
    () => 0,
  ),
  kernel: { kind: 'launch', launch: (call) => reduceLaunches(call, 'sum') },
  accuracy: {
    kind: 'sum',
    terms: ([x], { axes }) => sizeOf(axes.map((axis) => (x as Aval).shape[axis] as number)),
  },
};

// An extremum passes its cotangent to the elements that attain it, in equal shares at a tie.
function extremum(name: 'max' | 'min'): Primitive<AxesAttributes> {
  const weights = (x: Tensor, output: Tensor, axes: readonly number[]): Tensor => {
    const attained = cast(equal(x, unreduce(output, x.shape, axes)), 'f32');
    return div(attained, unreduce(sum(attained, axes), x.shape, axes));
  };
  return {
    name,
    shape: reduceShape(name, numbers, true),
    vjp: (ct, [x]: [Tensor], output, { axes }) => [
      mul(unreduce(ct, x.shape, axes), weights(x, output, axes)),
    ],
    jvp: ([t]: [Differential], [x]: [Tensor], output, { axes }) =>
      t && sum(mul(t, weights(x, output, axes)), axes),
    batch: batchAxes,
    reference: name === 'max' ? foldReference(Math.max, lowest) : foldReference(Math.min, highest),
    kernel: { kind: 'launch', launch: (call) => reduceLaunches(call, name) },
    accuracy: { kind: 'exact' },
  };
}

export const maxPrimitive: Primitive<AxesAttributes> = extremum('max');
export const minPrimitive: Primitive<AxesAttributes> = extremum('min');

/** Position of the largest element along an axis; the lowest at a tie. NaN counts as the largest. */
export const argmaxPrimitive: Primitive<{ readonly axis: number }> = {
  name: 'argmax',
  shape([x]: [Aval], { axis }) {
    if (x.dtype === 'bool') fail('DTYPE', 'argmax: is not defined for bool: cast to i32.');
    if (x.shape[axis] === 0) fail('EMPTY', `argmax: axis ${axis} of ${show(x.shape)} holds no elements.`);
    return { shape: withoutAxes(x.shape, [axis]), dtype: 'i32' };
  },
  vjp: () => [null],
  jvp: () => null,
  batch: (call) => withLeadingAxis(call, { axis: call.attributes.axis + 1 }),
  reference([x]: [NdArray], { axis }, output) {
    const result = emptyArray(output);
    const best = new Float64Array(result.data.length);
    const seen = new Int32Array(result.data.length);
    eachFibre(x.shape, [axis], (outer, linear) => {
      const value = x.data[linear] as number;
      const position = seen[outer] as number;
      seen[outer] = position + 1;
      const current = best[outer] as number;
      if (position === 0 || value > current || (Number.isNaN(value) && !Number.isNaN(current))) {
        best[outer] = value;
        result.data[outer] = position;
      }
    });
    return result;
  },
  kernel: {
    kind: 'launch',
    launch({ inputs: [x], output, attributes: { axis } }): Launch[] {
      const { shape, dtype } = x as Aval;
      const rows = sizeOf(output.shape);
      return [
        {
          shader: 'argmax',
          constants: { ROWS: rows, LENGTH: shape[axis] as number },
          blocks: {
            type: { text: argmaxType(dtype) },
            element: {
              element: { input: 0 },
              parameters: ['row: u32', 'i: u32'],
              at: fibre(shape, [axis], 'row', 'i'),
            },
            finish: { store: 'output', parameters: ['row: u32', 'value: i32'], linear: 'row' },
          },
          groups: [Math.ceil(rows / 64), 1, 1],
        },
      ];
    },
  },
  accuracy: { kind: 'exact' },
};

/** NaN is told by its bits, and only floats have one. */
function argmaxType(dtype: DType): string {
  const test = dtype === 'f32' ? '(bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u' : 'false';
  return `alias T = ${dtype};\nfn undefined(x: T) -> bool { return ${test}; }`;
}

export const cumsumPrimitive: Primitive<{ readonly axis: number }> = {
  name: 'cumsum',
  shape([x]: [Aval]) {
    if (x.dtype === 'bool') fail('DTYPE', 'cumsum: is not defined for bool: cast to i32.');
    return { shape: x.shape, dtype: x.dtype };
  },
  // y_i = Σ_{j ≤ i} x_j, so the cotangent of x_j is Σ_{i ≥ j} ct_i: the running sum from the other end.
  vjp: (ct, _inputs, _output, { axis }) => [flip(cumsum(flip(ct, axis), axis), axis)],
  jvp: ([t]: [Differential], _inputs, _output, { axis }) => t && cumsum(t, axis),
  batch: (call) => withLeadingAxis(call, { axis: call.attributes.axis + 1 }),
  reference([x]: [NdArray], { axis }, output) {
    const result = emptyArray(output);
    const stride = stridesOf(x.shape)[axis] as number;
    const extent = x.shape[axis] as number;
    for (let i = 0; i < x.data.length; i++) {
      const first = Math.floor(i / stride) % extent === 0;
      result.data[i] = (x.data[i] as number) + (first ? 0 : (result.data[i - stride] as number));
    }
    return result;
  },
  kernel: {
    kind: 'launch',
    launch({ inputs: [x], attributes: { axis } }): Launch[] {
      const { shape, dtype } = x as Aval;
      const rows = sizeOf(withoutAxes(shape, [axis]));
      const at = fibre(shape, [axis], 'row', 'i');
      const strides = stridesOf(shape);
      const linear = at.linear ?? at.coordinates.map((c, k) => `${c} * ${strides[k]}u`).join(' + ');
      return [
        {
          shader: 'scan',
          constants: { ROWS: rows, LENGTH: shape[axis] as number },
          blocks: {
            type: { text: `alias T = ${dtype};` },
            element: { element: { input: 0 }, parameters: ['row: u32', 'i: u32'], at },
            finish: { store: 'output', parameters: ['row: u32', 'i: u32', 'value: T'], linear },
          },
          groups: [rows, 1, 1],
        },
      ];
    },
  },
  accuracy: { kind: 'sum', terms: ([x], { axis }) => (x as Aval).shape[axis] as number },
};

function reduce(primitive: Primitive<AxesAttributes>, x: Tensor, axes: Axes, keep: boolean): Tensor {
  const list = normalizeAxes(primitive.name, axes, x.rank);
  const result = list.length === 0 ? x : apply(primitive, [x], { axes: list });
  return keep ? reshape(result, keepDims(x.shape, list)) : result;
}

/** Sum over `axes` (all by default). `keep` leaves extents of 1. A bool counts as i32. */
export function sum(x: Tensor, axes?: Axes, keep = false): Tensor {
  return reduce(sumPrimitive, x.dtype === 'bool' ? cast(x, 'i32') : x, axes, keep);
}

/** Arithmetic mean over `axes` (all by default) of f32; refused over no elements. */
export function mean(x: Tensor, axes?: Axes, keep = false): Tensor {
  const count = sizeOf(normalizeAxes('mean', axes, x.rank).map((axis) => x.shape[axis] as number));
  if (count === 0)
    fail('EMPTY', `mean: ${show(x.shape)} holds no elements along these axes, so there is no mean.`);
  return mul(sum(x, axes, keep), 1 / count);
}

/** Largest element over `axes`. Elements that tie share the cotangent equally. */
export function max(x: Tensor, axes?: Axes, keep = false): Tensor {
  return reduce(maxPrimitive, x, axes, keep);
}

/** Smallest element over `axes`. Elements that tie share the cotangent equally. */
export function min(x: Tensor, axes?: Axes, keep = false): Tensor {
  return reduce(minPrimitive, x, axes, keep);
}

/** Mean of the squared deviations from the mean; `correction` 1 divides by n - 1. */
export function variance(
  x: Tensor,
  axes?: Axes,
  { correction = 0, keep = false }: { readonly correction?: number; readonly keep?: boolean } = {},
): Tensor {
  const count = sizeOf(normalizeAxes('variance', axes, x.rank).map((axis) => x.shape[axis] as number));
  if (count <= correction)
    fail('EMPTY', `variance: ${count} elements are too few for a correction of ${correction}.`);
  const deviation = sub(x, mean(x, axes, true));
  return mul(sum(mul(deviation, deviation), axes, keep), 1 / (count - correction));
}

export function any(x: Tensor, axes?: Axes): Tensor {
  return cast(sum(cast(x, 'bool'), axes), 'bool');
}

export function all(x: Tensor, axes?: Axes): Tensor {
  const list = normalizeAxes('all', axes, x.rank);
  return equal(sum(cast(x, 'bool'), list), sizeOf(list.map((axis) => x.shape[axis] as number)));
}

/**
 * Product over `axes` (all by default): a balanced tree of products of halves, log2(n) levels, so that every
 * derivative is right at zeros too, which dividing the product by an element would not be.
 */
export function prod(x: Tensor, axes?: Axes, keep = false): Tensor {
  const list = normalizeAxes('prod', axes, x.rank);
  const result = list.reduce(prodAlong, x);
  return keep ? result : reshape(result, withoutAxes(x.shape, list));
}

function prodAlong(x: Tensor, axis: number): Tensor {
  const extent = x.shape[axis] as number;
  if (extent === 0) return ones(x.shape.with(axis, 1), x.dtype);
  if (extent === 1) return x;
  const part = (from: number, to: number): Tensor =>
    slice(
      x,
      x.shape.map((_, k) => (k === axis ? from : 0)),
      x.shape.map((n, k) => (k === axis ? to : n)),
    );
  const half = Math.floor(extent / 2);
  const product = mul(part(0, half), part(half, 2 * half));
  return prodAlong(extent % 2 === 0 ? product : concat([product, part(2 * half, extent)], axis), axis);
}

/** Index (i32) of the largest element along `axis`; the lowest at a tie. */
export function argmax(x: Tensor, axis = -1): Tensor {
  return apply(argmaxPrimitive, [x], { axis: normalizeAxis('argmax', axis, x.rank) });
}

/** Index (i32) of the smallest element along `axis`; the lowest at a tie. */
export function argmin(x: Tensor, axis = -1): Tensor {
  // -1 - x reverses the order of integers without overflow, as -x does for floats.
  return argmax(x.dtype === 'f32' ? neg(x) : bitNot(x), axis);
}

/** Running sum along `axis`: y_i = Σ_{j ≤ i} x_j. */
export function cumsum(x: Tensor, axis = -1): Tensor {
  return apply(cumsumPrimitive, [x], { axis: normalizeAxis('cumsum', axis, x.rank) });
}
