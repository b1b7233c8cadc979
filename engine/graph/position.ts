/** WGSL expressions for positions: how a linear index becomes coordinates and back. */
import { sizeOf, stridesOf, type Shape } from './shape.ts';

/** Coordinates of the row-major position `linear` in `shape`. Extents of 1 cost nothing. */
export function unravel(linear: string, shape: Shape): string[] {
  const strides = stridesOf(shape);
  const first = shape.findIndex((extent) => extent !== 1);
  return shape.map((extent, axis) => {
    if (extent === 1) return '0u';
    const stride = strides[axis] as number;
    const quotient = stride === 1 ? linear : `(${linear} / ${stride}u)`;
    // The leading coordinate cannot overflow its extent.
    return axis === first ? quotient : `(${quotient} % ${extent}u)`;
  });
}

/** The row-major position of `coordinates` in `shape`. */
export function ravel(coordinates: readonly string[], shape: Shape): string {
  const strides = stridesOf(shape);
  const terms = coordinates.flatMap((c, axis) => {
    if (shape[axis] === 1 || c === '0u') return [];
    return [strides[axis] === 1 ? c : `${c} * ${strides[axis]}u`];
  });
  return terms.length === 0 ? '0u' : terms.length === 1 ? (terms[0] as string) : `(${terms.join(' + ')})`;
}

/**
 * The position of element `inner` of fibre `outer`, when `axes` of `shape` are run through together
 * (`inner`, row-major over the axes) for each combination of the others (`outer`, row-major).
 */
export function fibre(
  shape: Shape,
  axes: readonly number[],
  outer: string,
  inner: string,
): { readonly shape: Shape; readonly linear?: string; readonly coordinates: readonly string[] } {
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const outerAt = unravel(
    outer,
    kept.map((axis) => shape[axis] as number),
  );
  const innerAt = unravel(
    inner,
    axes.map((axis) => shape[axis] as number),
  );
  const coordinates = shape.map((_, axis) =>
    axes.includes(axis) ? (innerAt[axes.indexOf(axis)] as string) : (outerAt[kept.indexOf(axis)] as string),
  );
  const length = sizeOf(axes.map((axis) => shape[axis] as number));
  const count = sizeOf(kept.map((axis) => shape[axis] as number));
  const significant = shape.map((_, axis) => axis).filter((axis) => shape[axis] !== 1);
  const split = significant.filter((axis) => !axes.includes(axis)).length;
  if (significant.every((axis, k) => axes.includes(axis) === k >= split))
    return { shape, coordinates, linear: `(${outer} * ${length}u + ${inner})` };
  const lead = significant.length - split;
  if (significant.every((axis, k) => axes.includes(axis) === k < lead))
    return { shape, coordinates, linear: `(${inner} * ${count}u + ${outer})` };
  return { shape, coordinates };
}
