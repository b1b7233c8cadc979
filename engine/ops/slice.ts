/**
 * Slicing and padding: each other's derivative. A slice with steps is undone by padding between the
 * elements (interior) and around them.
 */
import { fail } from '../graph/errors.ts';
import { literal } from '../graph/literal.ts';
import { buildArray, reader, type Aval, type NdArray } from '../graph/ndarray.ts';
import type { Differential, Primitive } from '../graph/primitive.ts';
import { sameShape, show, sizeOf, type Shape } from '../graph/shape.ts';
import { apply, type Tensor } from '../graph/tensor.ts';
import { withLeadingAxis } from './batching.ts';

const exact = { kind: 'exact' } as const;
const u = (value: number): string => `${value}u`;

type SliceAttributes = {
  readonly start: readonly number[];
  readonly extents: Shape;
  readonly step: readonly number[];
};

export const slicePrimitive: Primitive<SliceAttributes> = {
  name: 'slice',
  shape([x]: [Aval], { start, extents, step }) {
    const { shape, dtype } = x;
    const inside = shape.every((extent, axis) => {
      const [first, count, stride] = [start[axis] ?? -1, extents[axis] ?? -1, step[axis] ?? 0];
      return (
        stride >= 1 && first >= 0 && count >= 0 && (count === 0 || first + (count - 1) * stride < extent)
      );
    });
    if (!inside || [start, extents, step].some((list) => list.length !== shape.length))
      fail(
        'SLICE',
        `slice: ${show(extents)} elements from ${show(start)} in steps of ${show(step)} leave ${show(shape)}: steps are at least 1, for every axis.`,
      );
    return { shape: extents, dtype };
  },
  // Scatters the cotangent back to where its elements came from: zeros between them (step - 1) and around.
  vjp(ct, [x]: [Tensor], _output, { start, extents, step }) {
    const { shape } = x;
    const low = start.map((first, axis) => (extents[axis] === 0 ? 0 : first));
    const high = shape.map((extent, axis) => {
      const [first, count, stride] = [start[axis] as number, extents[axis] as number, step[axis] as number];
      return count === 0 ? extent : extent - (first + (count - 1) * stride + 1);
    });
    return [
      padWith(
        ct,
        low,
        high,
        step.map((stride) => stride - 1),
        0,
      ),
    ];
  },
  jvp: ([t]: [Differential], _inputs, _output, attributes) => t && apply(slicePrimitive, [t], attributes),
  batch: (call) => {
    const { start, extents, step } = call.attributes;
    return withLeadingAxis(call, {
      start: [0, ...start],
      extents: [call.size, ...extents],
      step: [1, ...step],
    });
  },
  reference([x]: [NdArray], { start, step }, output) {
    const read = reader(x);
    return buildArray(output, (at) =>
      read(at.map((c, axis) => (start[axis] as number) + c * (step[axis] as number))),
    );
  },
  kernel: {
    kind: 'index',
    read(index, site) {
      const { start, step } = site.attributes;
      const coordinates = site.coordinates(index).map((c, axis) => {
        const scaled = step[axis] === 1 ? c : `${c} * ${u(step[axis] as number)}`;
        return start[axis] === 0 ? scaled : `(${scaled} + ${u(start[axis] as number)})`;
      });
      return site.read(0, { shape: (site.inputs[0] as Aval).shape, coordinates });
    },
  },
  accuracy: exact,
};

/**
 * Elements from `start` (inclusive) to `stop` (exclusive) in steps, axis by axis; missing axes are taken whole.
 * Negative bounds count from the end; a negative step is `flip` first.
 */
export function slice(
  x: Tensor,
  start: readonly number[],
  stop?: readonly number[],
  step?: readonly number[],
): Tensor {
  const bound = (value: number, extent: number): number =>
    Math.min(Math.max(value < 0 ? value + extent : value, 0), extent);
  if (start.length > x.rank)
    fail('SLICE', `slice: ${start.length} bounds are too many for ${show(x.shape)}.`);
  const first = x.shape.map((extent, axis) => bound(start[axis] ?? 0, extent));
  const stride = x.shape.map((_, axis) => step?.[axis] ?? 1);
  const extents = x.shape.map((extent, axis) => {
    const last = bound(stop?.[axis] ?? extent, extent);
    return Math.max(0, Math.ceil((last - (first[axis] as number)) / (stride[axis] as number)));
  });
  if (sameShape(extents, x.shape)) return x;
  return apply(slicePrimitive, [x], { start: first, extents, step: stride });
}

type PadAttributes = {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly interior: readonly number[];
  readonly value: number;
};

export const padPrimitive: Primitive<PadAttributes> = {
  name: 'pad',
  shape([x]: [Aval], { low, high, interior }) {
    const { shape, dtype } = x;
    const lists = [low, high, interior];
    if (lists.some((list) => list.length !== shape.length || list.some((n) => !Number.isInteger(n) || n < 0)))
      fail(
        'PAD',
        `pad: widths ${lists.map(show).join(', ')} do not fit ${show(shape)}: give one natural number per axis.`,
      );
    return {
      shape: shape.map(
        (n, axis) =>
          (low[axis] as number) +
          (high[axis] as number) +
          n +
          Math.max(0, n - 1) * (interior[axis] as number),
      ),
      dtype,
    };
  },
  vjp: (ct, [x]: [Tensor], _output, { low, interior }) => [
    apply(slicePrimitive, [ct], {
      start: low.map((n, axis) => (x.shape[axis] === 0 ? 0 : n)),
      extents: x.shape,
      step: interior.map((n) => n + 1),
    }),
  ],
  jvp: ([t]: [Differential], _inputs, _output, { low, high, interior }) =>
    t && padWith(t, low, high, interior, 0),
  batch: (call) => {
    const { low, high, interior, value } = call.attributes;
    return withLeadingAxis(call, {
      low: [0, ...low],
      high: [0, ...high],
      interior: [0, ...interior],
      value,
    });
  },
  reference([x]: [NdArray], { low, interior, value }, output) {
    const { shape } = x;
    const read = reader(x);
    return buildArray(output, (at) => {
      const from = at.map((c, axis) => (c - (low[axis] as number)) / ((interior[axis] as number) + 1));
      const inside = from.every((c, axis) => Number.isInteger(c) && c >= 0 && c < (shape[axis] as number));
      return inside ? read(from) : value;
    });
  },
  kernel: {
    kind: 'index',
    // For the literal of an infinite padding.
    uses: ['nonFinite'],
    read(index, site) {
      const { low, interior, value } = site.attributes;
      const { shape, dtype } = site.inputs[0] as Aval;
      if (sizeOf(shape) === 0) return literal(value, dtype);
      const conditions: string[] = [];
      const coordinates = site.coordinates(index).map((c, axis) => {
        const [before, gap, extent] = [low[axis] as number, interior[axis] as number, shape[axis] as number];
        if (before === 0 && gap === 0 && site.output.shape[axis] === extent) return c;
        // An unsigned difference below zero wraps to a value above every extent, so one comparison does.
        const offset = site.bind(before === 0 ? c : `(${c} - ${u(before)})`);
        conditions.push(`${offset} < ${u((extent - 1) * (gap + 1) + 1)}`);
        if (gap > 0) conditions.push(`${offset} % ${u(gap + 1)} == 0u`);
        return gap > 0 ? `(${offset} / ${u(gap + 1)})` : offset;
      });
      return conditions.length === 0
        ? site.read(0, { shape, coordinates })
        : site.readWhere(conditions.join(' && '), 0, { shape, coordinates }, literal(value, dtype));
    },
  },
  accuracy: exact,
};

function padWith(
  x: Tensor,
  low: readonly number[],
  high: readonly number[],
  interior: readonly number[],
  value: number,
): Tensor {
  if ([low, high, interior].every((list) => list.every((n) => n === 0))) return x;
  return apply(padPrimitive, [x], { low: [...low], high: [...high], interior: [...interior], value });
}

/** Adds `widths[axis] = [before, after]` elements of `value` around `x`. */
export function pad(x: Tensor, widths: readonly (readonly [number, number])[], value = 0): Tensor {
  return padWith(
    x,
    widths.map(([before]) => before),
    widths.map(([, after]) => after),
    widths.map(() => 0),
    value,
  );
}
