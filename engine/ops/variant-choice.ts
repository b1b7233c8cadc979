/**
 * Which of several kernels that compute the same is launched. A launch rule lists all that can run, its best guess first.
 * What was measured on the adapter for the class of shapes overrules the guess (engine/tune/choices.ts).
 */
import type { AdapterTraits } from '../graph/primitive.ts';

/** The variant measured fastest for the class, if it is one of `variants`; else the first of them. */
export function choose<V>(
  { choice }: AdapterTraits,
  shapeClass: string,
  variants: readonly V[],
  nameOf: (variant: V) => string,
): V {
  const name = choice?.(shapeClass, variants.map(nameOf));
  return variants.find((variant) => nameOf(variant) === name) ?? (variants[0] as V);
}

/** Extents of one class lie between a power of two and the one below it: 257 to 512 are 512. */
export function extentClass(extent: number): number {
  return extent <= 1 ? extent : 2 ** Math.ceil(Math.log2(extent));
}
