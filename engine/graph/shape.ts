/**
 * Shape algebra: sizes, strides, broadcasting and axes, by the rules of the array API standard
 * (data-apis.org/array-api, "Broadcasting"). Ranks run from 0 to 8:
 * images under two batch axes, cut into tiles.
 */
import { fail } from './errors.ts';

export type Shape = readonly number[];

export const MAX_RANK = 8;

/** Number of elements; 1 for rank 0. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] ?? 1;
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** `[2, 3]`, as error messages print a shape. */
export function show(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Refuses extents that are not natural numbers and ranks above MAX_RANK. */
export function checkShape(operation: string, shape: Shape): void {
  if (shape.length > MAX_RANK)
    fail('RANK', `${operation}: rank ${shape.length} of ${show(shape)} is above ${MAX_RANK}: reshape first.`);
  for (const extent of shape)
    if (!Number.isInteger(extent) || extent < 0)
      fail('SHAPE', `${operation}: ${show(shape)} is not a shape: every extent must be a natural number.`);
}

/** The common shape of `a` and `b`: trailing axes are aligned, and an extent of 1 stretches. */
export function broadcastShapes(operation: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const result = new Array<number>(rank);
  for (let back = 1; back <= rank; back++) {
    const p = a[a.length - back] ?? 1;
    const q = b[b.length - back] ?? 1;
    if (p !== q && p !== 1 && q !== 1)
      fail(
        'BROADCAST',
        `${operation}: shapes ${show(a)} and ${show(b)} do not broadcast: axis -${back} has extents ${p} and ${q}, which must be equal or 1.`,
      );
    result[rank - back] = p === 1 ? q : p;
  }
  return result;
}

/** A non-negative axis; negative axes count from the end. */
export function normalizeAxis(operation: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    fail('AXIS', `${operation}: axis ${axis} is out of range for rank ${rank}: use -${rank} to ${rank - 1}.`);
  return axis < 0 ? axis + rank : axis;
}

/** Sorted, distinct, non-negative axes; `undefined` means all of them. */
export function normalizeAxes(
  operation: string,
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const list = (typeof axes === 'number' ? [axes] : [...axes]).map((axis) =>
    normalizeAxis(operation, axis, rank),
  );
  if (new Set(list).size !== list.length)
    fail('AXIS', `${operation}: axes ${show(list)} name an axis twice: name each once.`);
  return list.sort((a, b) => a - b);
}

/** `shape` without `axes`. */
export function withoutAxes(shape: Shape, axes: readonly number[]): number[] {
  return shape.filter((_, axis) => !axes.includes(axis));
}
