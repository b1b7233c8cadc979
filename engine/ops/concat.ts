/** Joining and reversing. */
import { fail } from '../graph/errors.ts';
import { literal } from '../graph/literal.ts';
import { buildArray, reader, type Aval, type NdArray } from '../graph/ndarray.ts';
import type { Differential, Primitive } from '../graph/primitive.ts';
import { normalizeAxes, normalizeAxis, show } from '../graph/shape.ts';
import { apply, type Tensor } from '../graph/tensor.ts';
import { withLeadingAxis } from './batching.ts';
import { zerosLike } from './broadcast.ts';
import { expandDims } from './movement.ts';
import { slicePrimitive } from './slice.ts';

const exact = { kind: 'exact' } as const;
const u = (value: number): string => `${value}u`;

export const concatPrimitive: Primitive<{ readonly axis: number }> = {
  name: 'concat',
  shape(inputs, { axis }) {
    const first = inputs[0];
    if (!first) return fail('ARITY', 'concat: takes at least one tensor.');
    for (const x of inputs)
      if (
        x.dtype !== first.dtype ||
        x.shape.length !== first.shape.length ||
        x.shape.some((n, k) => k !== axis && n !== first.shape[k])
      )
        fail(
          'SHAPE',
          `concat: ${x.dtype}${show(x.shape)} does not continue ${first.dtype}${show(first.shape)} along axis ${axis}: the other extents and the dtype must agree.`,
        );
    const extent = inputs.reduce((total, x) => total + (x.shape[axis] ?? 0), 0);
    return { shape: first.shape.map((n, k) => (k === axis ? extent : n)), dtype: first.dtype };
  },
  vjp(ct, inputs, _output, { axis }) {
    let offset = 0;
    return inputs.map((x) => {
      const start = x.shape.map((_, k) => (k === axis ? offset : 0));
      offset += x.shape[axis] ?? 0;
      return apply(slicePrimitive, [ct], { start, extents: x.shape, step: x.shape.map(() => 1) });
    });
  },
  jvp(tangents, inputs, _output, { axis }) {
    return concat(
      tangents.map((t, k) => t ?? zerosLike(inputs[k] as Tensor)),
      axis,
    );
  },
  batch: (call) => withLeadingAxis(call, { axis: call.attributes.axis + 1 }),
  reference(inputs, { axis }, output) {
    const readers = inputs.map((x) => reader(x));
    const extents = inputs.map((x) => x.shape[axis] as number);
    return buildArray(output, (at) => {
      let c = at[axis] as number;
      let k = 0;
      while (c >= (extents[k] as number)) c -= extents[k++] as number;
      return (readers[k] as (at: readonly number[]) => number)(at.with(axis, c));
    });
  },
  kernel: {
    kind: 'index',
    read(index, site) {
      const { axis } = site.attributes;
      const at = site.coordinates(index);
      const c = at[axis] as string;
      // From the last input backwards, so that each comparison settles one boundary.
      let end = site.output.shape[axis] as number;
      let value = literal(0, site.output.dtype);
      for (let k = site.inputs.length - 1; k >= 0; k--) {
        const { shape } = site.inputs[k] as Aval;
        const extent = shape[axis] as number;
        if (extent === 0) continue;
        const begin = end - extent;
        const coordinates = at.with(axis, begin === 0 ? c : `(${c} - ${u(begin)})`);
        const inside =
          extent === site.output.shape[axis] ? 'true' : `${c} >= ${u(begin)} && ${c} < ${u(end)}`;
        value = site.readWhere(inside, k, { shape, coordinates }, value);
        end = begin;
      }
      return value;
    },
  },
  accuracy: exact,
};

/** Tensors joined at once: a kernel reads each from a buffer of its own, and may bind eight. */
const JOINED = 6;

/** Joins tensors along an axis. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const [first] = tensors;
  if (!first) return fail('ARITY', 'concat: takes at least one tensor.');
  if (tensors.length === 1) return first;
  const at = normalizeAxis('concat', axis, first.rank);
  if (tensors.length <= JOINED) return apply(concatPrimitive, tensors, { axis: at });
  // Equal parts, so that every element passes through the same few levels.
  let part = JOINED;
  while (part * JOINED < tensors.length) part *= JOINED;
  const parts = Array.from({ length: Math.ceil(tensors.length / part) }, (_, k) =>
    concat(tensors.slice(k * part, (k + 1) * part), at),
  );
  return concat(parts, at);
}

/** Joins tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  return concat(
    tensors.map((x) => expandDims(x, axis)),
    axis,
  );
}

export const flipPrimitive: Primitive<{ readonly axes: readonly number[] }> = {
  name: 'flip',
  shape: ([x]: [Aval]) => ({ shape: x.shape, dtype: x.dtype }),
  vjp: (ct, _inputs, _output, { axes }) => [flip(ct, axes)],
  jvp: ([t]: [Differential], _inputs, _output, { axes }) => t && flip(t, axes),
  batch: (call) => withLeadingAxis(call, { axes: call.attributes.axes.map((axis) => axis + 1) }),
  reference([x]: [NdArray], { axes }, output) {
    const read = reader(x);
    return buildArray(output, (at) =>
      read(at.map((c, axis) => (axes.includes(axis) ? (output.shape[axis] as number) - 1 - c : c))),
    );
  },
  kernel: {
    kind: 'index',
    read(index, site) {
      const { shape } = site.output;
      const coordinates = site
        .coordinates(index)
        .map((c, axis) =>
          site.attributes.axes.includes(axis) ? `(${u((shape[axis] as number) - 1)} - ${c})` : c,
        );
      return site.read(0, { shape, coordinates });
    },
  },
  accuracy: exact,
};

/** Reverses the order along the given axes; by default along all. */
export function flip(x: Tensor, axes?: number | readonly number[]): Tensor {
  return apply(flipPrimitive, [x], { axes: normalizeAxes('flip', axes, x.rank) });
}
