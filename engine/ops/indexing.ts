/**
 * Gathering by index and its transpose, scatter-add; counting. An index outside its axis never reads or
 * writes another row: it raises the device's fault word, and the next readback throws INDEX_OUT_OF_RANGE.
 */
import type { DType } from '../graph/dtype.ts';
import { fail } from '../graph/errors.ts';
import { literal } from '../graph/literal.ts';
import { buildArray, emptyArray, reader, type Aval, type NdArray } from '../graph/ndarray.ts';
import type { Differential, Primitive } from '../graph/primitive.ts';
import { normalizeAxis, show, stridesOf, type Shape } from '../graph/shape.ts';
import { apply, type Tensor } from '../graph/tensor.ts';
import { withLeadingAxis } from './batching.ts';
import { broadcastTo, expandDims, reshape } from './movement.ts';
import { cast, equal } from './compare.ts';
import { scatterLaunches } from './scatter.ts';

type AxisAttributes = { readonly axis: number };

function checkIndices(operation: string, indices: Aval): void {
  if (indices.dtype !== 'i32' && indices.dtype !== 'u32')
    fail('DTYPE', `${operation}: indices are ${indices.dtype}: use i32 or u32.`);
}

function checkRange(operation: string, index: number, extent: number): number {
  if (!(index >= 0 && index < extent))
    fail('INDEX_OUT_OF_RANGE', `${operation}: index ${index} is outside an axis of extent ${extent}.`);
  return index;
}

/** Out of host values, a wrong index is refused when the graph is built. */
function checkHostIndices(operation: string, indices: Tensor, extent: number): void {
  if (indices.source.kind === 'host')
    for (const index of indices.source.data) checkRange(operation, index, extent);
}

// ---- gather: out[…, k, …] = x[…, indices[…, k, …], …] ------------------------------------------------

export const gatherPrimitive: Primitive<AxisAttributes> = {
  name: 'gather',
  shape([x, indices]: [Aval, Aval], { axis }) {
    checkIndices('gather', indices);
    if (
      x.shape.length !== indices.shape.length ||
      x.shape.some((n, k) => k !== axis && n !== indices.shape[k])
    )
      fail(
        'SHAPE',
        `gather: indices ${show(indices.shape)} must have the shape of x ${show(x.shape)} apart from axis ${axis}.`,
      );
    return { shape: indices.shape, dtype: x.dtype };
  },
  vjp: (ct, [x, indices]: [Tensor, Tensor], _output, { axis }) => [
    scatterAdd(indices, ct, axis, x.shape[axis] as number),
    null,
  ],
  jvp: ([t]: [Differential], [, indices]: [Tensor, Tensor], _output, { axis }) =>
    t && apply(gatherPrimitive, [t, indices], { axis }),
  batch: (call) => withLeadingAxis(call, { axis: call.attributes.axis + 1 }),
  reference([x, indices]: [NdArray, NdArray], { axis }, output) {
    const read = reader(x);
    return buildArray(output, (at, linear) =>
      read(at.with(axis, checkRange('gather', indices.data[linear] as number, x.shape[axis] as number))),
    );
  },
  kernel: {
    kind: 'index',
    read(index, site) {
      const [x, indices] = site.inputs as [Aval, Aval];
      const { axis } = site.attributes;
      const position = site.checked(
        indices.dtype === 'i32' ? `u32(${site.read(1, index)})` : site.read(1, index),
        x.shape[axis] as number,
      );
      return site.read(0, { shape: x.shape, coordinates: site.coordinates(index).with(axis, position) });
    },
  },
  accuracy: { kind: 'exact' },
};

/** Along `axis`, picks by an index of its own for every position: NumPy's `take_along_axis`. Other axes broadcast. */
export function takeAlongAxis(x: Tensor, indices: Tensor, axis: number): Tensor {
  const at = normalizeAxis('takeAlongAxis', axis, x.rank);
  if (indices.rank !== x.rank)
    fail('SHAPE', `takeAlongAxis: indices ${show(indices.shape)} need the rank of x ${show(x.shape)}.`);
  checkHostIndices('takeAlongAxis', indices, x.shape[at] as number);
  const common = x.shape.map((n, k) => (k === at ? 1 : n === 1 ? (indices.shape[k] as number) : n));
  const wide = broadcastTo(x, common.with(at, x.shape[at] as number));
  return apply(gatherPrimitive, [wide, broadcastTo(indices, common.with(at, indices.shape[at] as number))], {
    axis: at,
  });
}

/** Entries of `x` along `axis`, by a tensor of indices of any shape, which replaces the axis. */
export function take(x: Tensor, indices: Tensor, axis = 0): Tensor {
  const at = normalizeAxis('take', axis, x.rank);
  checkIndices('take', indices);
  checkHostIndices('take', indices, x.shape[at] as number);
  const [before, after] = [x.shape.slice(0, at), x.shape.slice(at + 1)];
  const column = reshape(indices, [...before.map(() => 1), indices.size, ...after.map(() => 1)]);
  const picked = apply(gatherPrimitive, [x, broadcastTo(column, [...before, indices.size, ...after])], {
    axis: at,
  });
  return reshape(picked, [...before, ...indices.shape, ...after]);
}

// ---- scatter-add: out[…, t, …] = Σ over k with indices[…, k, …] = t of updates[…, k, …] --------------

export const scatterAddPrimitive: Primitive<{ readonly axis: number; readonly extent: number }> = {
  name: 'scatterAdd',
  shape([indices, updates]: [Aval, Aval], { axis, extent }) {
    checkIndices('scatterAdd', indices);
    if (show(indices.shape) !== show(updates.shape))
      fail(
        'SHAPE',
        `scatterAdd: indices ${show(indices.shape)} and updates ${show(updates.shape)} must have one shape.`,
      );
    if (updates.dtype === 'bool') fail('DTYPE', 'scatterAdd: bool updates do not add: cast them to i32.');
    return { shape: indices.shape.with(axis, extent), dtype: updates.dtype };
  },
  vjp: (ct, [indices]: [Tensor], _output, { axis }) => [
    null,
    apply(gatherPrimitive, [ct, indices], { axis }),
  ],
  jvp: ([, t]: [Differential, Differential], [indices]: [Tensor], _output, { axis, extent }) =>
    t && scatterAdd(indices, t, axis, extent),
  batch: (call) => withLeadingAxis(call, { ...call.attributes, axis: call.attributes.axis + 1 }),
  reference([indices, updates]: [NdArray, NdArray], { axis, extent }, output) {
    const result = emptyArray(output);
    const strides = stridesOf(output.shape);
    buildArray(updates, (at, linear) => {
      const target = at.with(axis, checkRange('scatterAdd', indices.data[linear] as number, extent));
      const offset = target.reduce((sum, c, k) => sum + c * (strides[k] as number), 0);
      result.data[offset] = (result.data[offset] as number) + (updates.data[linear] as number);
      return 0;
    });
    return result;
  },
  kernel: { kind: 'launch', launch: scatterLaunches },
  accuracy: { kind: 'sum', terms: ([indices], { axis }) => (indices as Aval).shape[axis] ?? 1 },
};

/**
 * Adds `updates` into zeros of extent `extent` along `axis`, at `indices` (same shape as `updates`). Sums run in
 * the order of the updates, so the result is repeatable bit for bit.
 */
export function scatterAdd(indices: Tensor, updates: Tensor, axis: number, extent: number): Tensor {
  const at = normalizeAxis('scatterAdd', axis, updates.rank);
  checkHostIndices('scatterAdd', indices, extent);
  const single = indices.shape[at] === 1 && show(indices.shape) === show(updates.shape);
  return apply(single ? placePrimitive : scatterAddPrimitive, [indices, updates], { axis: at, extent });
}

// ---- place: out[…, t, …] = update[…, 0, …] where index[…, 0, …] = t, else 0 ---------------------------

/** A scatter-add of one update along the axis. Nothing has to be searched or added, so it fuses, as softmax's labels want. */
export const placePrimitive: Primitive<{ readonly axis: number; readonly extent: number }> = {
  name: 'place',
  shape([index, update]: [Aval, Aval], { axis, extent }) {
    checkIndices('place', index);
    if (show(index.shape) !== show(update.shape) || index.shape[axis] !== 1)
      fail(
        'SHAPE',
        `place: the index ${show(index.shape)} and the update ${show(update.shape)} must have one shape, with extent 1 along axis ${axis}.`,
      );
    if (update.dtype === 'bool') fail('DTYPE', 'place: a bool update is no number: cast it to i32.');
    return { shape: index.shape.with(axis, extent), dtype: update.dtype };
  },
  vjp: (ct, [index]: [Tensor], _output, { axis }) => [null, apply(gatherPrimitive, [ct, index], { axis })],
  jvp: ([, t]: [Differential, Differential], [index]: [Tensor], _output, attributes) =>
    t && apply(placePrimitive, [index, t], attributes),
  batch: (call) => withLeadingAxis(call, { ...call.attributes, axis: call.attributes.axis + 1 }),
  reference([index, update]: [NdArray, NdArray], { axis, extent }, output) {
    const [at, value] = [reader(index), reader(update)];
    return buildArray(output, (position) => {
      const source = position.with(axis, 0);
      return checkRange('place', at(source), extent) === position[axis] ? value(source) : 0;
    });
  },
  kernel: {
    kind: 'index',
    read(index, site) {
      const [{ shape, dtype }, update] = site.inputs as [Aval, Aval];
      const { axis, extent } = site.attributes;
      const coordinates = site.coordinates(index);
      const source = { shape, coordinates: coordinates.with(axis, '0u') };
      const target = site.checked(
        dtype === 'i32' ? `u32(${site.read(0, source)})` : site.read(0, source),
        extent,
      );
      return site.readWhere(`${target} == ${coordinates[axis]}`, 1, source, literal(0, update.dtype));
    },
  },
  accuracy: { kind: 'exact' },
};

// ---- iota --------------------------------------------------------------------------------------------

export const iotaPrimitive: Primitive<{
  readonly shape: Shape;
  readonly axis: number;
  readonly dtype: DType;
}> = {
  name: 'iota',
  shape: (_inputs, { shape, dtype }) => ({ shape, dtype }),
  vjp: () => [],
  jvp: () => null,
  // It has no operands, so none of them can differ.
  batch: ({ primitive, attributes, size }) =>
    broadcastTo(apply(primitive, [], attributes), [size, ...attributes.shape]),
  reference: (_inputs, { axis }, output) => buildArray(output, (at) => at[axis] as number),
  kernel: {
    kind: 'index',
    read: (index, { attributes: { axis, dtype }, coordinates }) =>
      dtype === 'u32' ? (coordinates(index)[axis] as string) : `${dtype}(${coordinates(index)[axis]})`,
  },
  accuracy: { kind: 'exact' },
};

/** The coordinate along `axis`, at every position of `shape`. */
export function iota(shape: Shape, axis = 0, dtype: 'f32' | 'i32' | 'u32' = 'i32'): Tensor {
  const at = normalizeAxis('iota', axis, shape.length);
  if (dtype === 'f32' && (shape[at] as number) > 2 ** 24)
    fail('DTYPE', `iota: ${shape[at]} is beyond the integers of f32: use i32 or u32.`);
  return apply(iotaPrimitive, [], { shape: [...shape], axis: at, dtype });
}

/** 0, 1, …, count - 1. */
export function arange(count: number, dtype: 'f32' | 'i32' | 'u32' = 'i32'): Tensor {
  return iota([count], 0, dtype);
}

/** 1 at the index along a new last axis of extent `depth`, 0 elsewhere: [..., depth]. */
export function oneHot(indices: Tensor, depth: number, dtype: DType = 'f32'): Tensor {
  checkIndices('oneHot', indices);
  checkHostIndices('oneHot', indices, depth);
  const positions = iota(
    [...indices.shape.map(() => 1), depth],
    indices.rank,
    indices.dtype as 'i32' | 'u32',
  );
  return cast(equal(expandDims(indices, -1), positions), dtype);
}
