/**
 * The one place for tolerances. Where they come from:
 * - Differences in float64: a central difference of step h errs by h²f'''/6 + ε|f|/h, least at h = ∛ε, where both
 *   are near 4e-11 of the function; 1e-6 leaves room for curvature. Second order starts from derivatives that
 *   are exact, but whose curvature is larger: 1e-4.
 * - Identities between float64 computations (transpose, linearity): a few hundred roundings, 1e-12.
 * - Kernels: the bound in the primitive's record, with u = 2^-23 since WGSL rounds to either neighbour.
 */
import type { Aval, NdArray } from '../../engine/graph/ndarray.ts';
import type { Attributes, Primitive } from '../../engine/graph/primitive.ts';

/** Relative step of a central difference. */
export const STEP: number = Math.cbrt(Number.EPSILON);
/** Differences stay this far from points without a derivative: more than ten steps. */
export const KINK_DISTANCE = 1e-2;
export const FIRST_ORDER = 1e-6;
export const SECOND_ORDER = 1e-4;
export const IDENTITY = 1e-12;

/** Largest relative error of one operation of WGSL, rounded to either neighbour. */
export const U: number = 2 ** -23;
/** Smallest normal f32: what is below may be flushed to zero. */
export const FLUSH: number = 2 ** -126;
/** Largest f32. */
export const LARGEST: number = (2 - 2 ** -23) * 2 ** 127;

/** A bound for first-order error analysis leaves out terms of second order; twice it does not. */
export const COMPOSED = 2;
/** Gradients computed on a device against float64: ten times the composed bound. */
export const GRADIENT = 10;

/** Error of a sum of k terms in any order, relative to the sum of their magnitudes. */
export function gamma(k: number): number {
  return (k * U) / (1 - k * U);
}

/** The error that a kernel may make in every element, by the primitive's record. */
export function allowedErrors(
  primitive: Primitive,
  inputs: readonly NdArray[],
  attributes: Attributes,
  output: NdArray,
): Float64Array {
  const allowed = new Float64Array(output.data.length);
  const { accuracy } = primitive;
  if (accuracy.kind === 'exact' || output.dtype !== 'f32') return allowed;
  if (accuracy.kind === 'sum') {
    const magnitudes = inputs.map((x) => (x.dtype === 'f32' ? { ...x, data: x.data.map(Math.abs) } : x));
    const sums = primitive.reference(magnitudes, attributes, output).data;
    const factor = gamma(accuracy.terms(inputs satisfies readonly Aval[], attributes));
    return allowed.map((_, i) => factor * (sums[i] as number) + FLUSH);
  }
  const { ulp, absolute = 0 } = accuracy;
  return allowed.map((_, i) => {
    const ulps = typeof ulp === 'number' ? ulp : ulp(...inputs.map((x) => x.data[i] as number));
    return ulps * U * Math.abs(output.data[i] as number) + absolute + FLUSH;
  });
}
