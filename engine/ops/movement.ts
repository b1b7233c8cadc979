/**
 * Movement: operations that only say where an element comes from. Each is a map of positions, so none of
 * them runs by itself: the map is composed into whatever reads the result.
 */
import { fail } from '../graph/errors.ts';
import { buildArray, reader, type Aval, type NdArray } from '../graph/ndarray.ts';
import type { Differential, Primitive } from '../graph/primitive.ts';
import { normalizeAxes, normalizeAxis, sameShape, show, sizeOf, type Shape } from '../graph/shape.ts';
import { apply, type Tensor } from '../graph/tensor.ts';
import { withLeadingAxis } from './batching.ts';
import { sum } from './reduction.ts';

const exact = { kind: 'exact' } as const;

/** WGSL literal of an unsigned constant. */
const u = (value: number): string => `${value}u`;

// ---- reshape -----------------------------------------------------------------------------------------

export const reshapePrimitive: Primitive<{ readonly shape: Shape }> = {
  name: 'reshape',
  shape([x]: [Aval], { shape }) {
    const { shape: from, dtype } = x;
    if (sizeOf(from) !== sizeOf(shape))
      fail(
        'SHAPE',
        `reshape: ${show(from)} has ${sizeOf(from)} elements and ${show(shape)} has ${sizeOf(shape)}: they must agree.`,
      );
    return { shape, dtype };
  },
  vjp: (ct, [x]: [Tensor]) => [reshape(ct, x.shape)],
  jvp: ([t]: [Differential], _inputs, _output, { shape }) => t && reshape(t, shape),
  batch: (call) => withLeadingAxis(call, { shape: [call.size, ...call.attributes.shape] }),
  reference: ([x]: [NdArray], _attributes, output) => ({ ...output, data: x.data.slice() }),
  kernel: {
    kind: 'index',
    read: (index, site) =>
      site.read(0, { shape: (site.inputs[0] as Aval).shape, linear: site.linear(index) }),
  },
  accuracy: exact,
};

/** The same elements in row-major order under another shape; one extent may be -1, to be inferred. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const unknown = shape.indexOf(-1);
  let target = shape;
  if (unknown >= 0) {
    const known = sizeOf(shape.filter((_, axis) => axis !== unknown));
    if (shape.lastIndexOf(-1) !== unknown || known === 0 || x.size % known !== 0)
      fail(
        'SHAPE',
        `reshape: ${show(x.shape)} does not determine the -1 in ${show(shape)}: give every extent.`,
      );
    target = shape.with(unknown, x.size / known);
  }
  return sameShape(x.shape, target) ? x : apply(reshapePrimitive, [x], { shape: [...target] });
}

/** Inserts an axis of extent 1. */
export function expandDims(x: Tensor, axis: number): Tensor {
  const at = normalizeAxis('expandDims', axis, x.rank + 1);
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/** Drops axes of extent 1: the given ones, or all. */
export function squeeze(x: Tensor, axes?: number | readonly number[]): Tensor {
  const drop =
    axes === undefined
      ? x.shape.flatMap((n, axis) => (n === 1 ? [axis] : []))
      : normalizeAxes('squeeze', axes, x.rank);
  for (const axis of drop)
    if (x.shape[axis] !== 1)
      fail('SHAPE', `squeeze: axis ${axis} of ${show(x.shape)} has extent ${x.shape[axis]}, not 1.`);
  return reshape(
    x,
    x.shape.filter((_, axis) => !drop.includes(axis)),
  );
}

/** All elements in one axis. */
export function flatten(x: Tensor): Tensor {
  return reshape(x, [x.size]);
}

// ---- transpose ---------------------------------------------------------------------------------------

export const transposePrimitive: Primitive<{ readonly permutation: readonly number[] }> = {
  name: 'transpose',
  shape([x]: [Aval], { permutation }) {
    const { shape, dtype } = x;
    const sorted = [...permutation].sort((a, b) => a - b);
    if (permutation.length !== shape.length || sorted.some((axis, k) => axis !== k))
      fail('AXIS', `transpose: ${show(permutation)} is not a permutation of the axes of ${show(shape)}.`);
    return { shape: permutation.map((axis) => shape[axis] as number), dtype };
  },
  vjp: (ct, _inputs, _output, { permutation }) => [transpose(ct, inverse(permutation))],
  jvp: ([t]: [Differential], _inputs, _output, { permutation }) => t && transpose(t, permutation),
  batch: (call) =>
    withLeadingAxis(call, { permutation: [0, ...call.attributes.permutation.map((axis) => axis + 1)] }),
  reference([x]: [NdArray], { permutation }, output) {
    const read = reader(x);
    const back = inverse(permutation);
    return buildArray(output, (at) => read(back.map((axis) => at[axis] as number)));
  },
  kernel: {
    kind: 'index',
    read(index, site) {
      const at = site.coordinates(index);
      const back = inverse(site.attributes.permutation);
      return site.read(0, {
        shape: (site.inputs[0] as Aval).shape,
        coordinates: back.map((axis) => at[axis] as string),
      });
    },
  },
  accuracy: exact,
};

function inverse(permutation: readonly number[]): number[] {
  const back = new Array<number>(permutation.length);
  permutation.forEach((axis, k) => (back[axis] = k));
  return back;
}

/** Permutes the axes; by default reverses them. */
export function transpose(x: Tensor, permutation?: readonly number[]): Tensor {
  const order =
    permutation?.map((axis) => normalizeAxis('transpose', axis, x.rank)) ??
    x.shape.map((_, axis) => x.rank - 1 - axis);
  return apply(transposePrimitive, [x], { permutation: order });
}

/** Exchanges two axes. */
export function swapAxes(x: Tensor, a: number, b: number): Tensor {
  const order = x.shape.map((_, axis) => axis);
  const [p, q] = [normalizeAxis('swapAxes', a, x.rank), normalizeAxis('swapAxes', b, x.rank)];
  [order[p], order[q]] = [q, p];
  return transpose(x, order);
}

// ---- broadcast ---------------------------------------------------------------------------------------

export const broadcastPrimitive: Primitive<{ readonly shape: Shape }> = {
  name: 'broadcast',
  shape([x]: [Aval], { shape }) {
    const { shape: from, dtype } = x;
    const lead = shape.length - from.length;
    if (lead < 0 || from.some((extent, axis) => extent !== 1 && extent !== shape[lead + axis]))
      fail(
        'BROADCAST',
        `broadcast: ${show(from)} does not stretch to ${show(shape)}: each extent must be 1 or agree, aligned at the end.`,
      );
    return { shape, dtype };
  },
  // Every copy contributes: the cotangent is summed over the axes that were stretched.
  vjp(ct, [x]: [Tensor]) {
    const { shape } = x;
    return [reshape(sum(ct, stretchedAxes(shape, ct.shape)), shape)];
  },
  jvp: ([t]: [Differential], _inputs, _output, { shape }) => t && broadcastTo(t, shape),
  // The axes that broadcasting puts in front belong behind the batch.
  batch({ inputs: [x], size, attributes: { shape } }) {
    const [, ...from] = (x as Tensor).shape;
    const lead = new Array<number>(shape.length - from.length).fill(1);
    return broadcastTo(reshape(x as Tensor, [size, ...lead, ...from]), [size, ...shape]);
  },
  reference([x]: [NdArray], _attributes, output) {
    const { shape } = x;
    const read = reader(x);
    const lead = output.shape.length - shape.length;
    return buildArray(output, (at) =>
      read(shape.map((extent, axis) => (extent === 1 ? 0 : (at[lead + axis] as number)))),
    );
  },
  kernel: {
    kind: 'index',
    read(index, site) {
      const { shape } = site.inputs[0] as Aval;
      if (shape.every((extent) => extent === 1))
        return site.read(0, { shape, linear: u(0), coordinates: shape.map(() => u(0)) });
      const at = site.coordinates(index);
      const lead = at.length - shape.length;
      return site.read(0, {
        shape,
        coordinates: shape.map((extent, axis) => (extent === 1 ? u(0) : (at[lead + axis] as string))),
      });
    },
  },
  accuracy: exact,
};

function stretchedAxes(from: Shape, to: Shape): number[] {
  const lead = to.length - from.length;
  return to.flatMap((extent, axis) =>
    axis < lead || (from[axis - lead] === 1 && extent !== 1) ? [axis] : [],
  );
}

/** Stretches axes of extent 1, and adds leading axes, until the shape is `shape`. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(broadcastPrimitive, [x], { shape: [...shape] });
}
