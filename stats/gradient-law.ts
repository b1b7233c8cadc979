/**
 * How long gradients, steps and falls of the loss are at a batch size (CL, section 4.1). If the gradients of single examples are
 * N(0, σ²) along a coordinate, the mean over n of them is N(0, σ²/n), and with |N(0, s²)| of mean √(2/π) s
 *
 *   E|g| = √(2/π) σ/√n,   E g² = σ²/n,   E|Δw| = lr E|g|,   E ΔL = E[g Δw] = lr σ²/n to first order in lr,
 *
 * and the minimum of the parabola a (w - b)² + c is d = w - b = g/(2a) away, E|d| = σ/(a √(2π) √n).
 *
 * The paper prints E|g| = 2σ/(√π √n), which is √2 too large, and the two lengths that follow from it with it. Its density has the
 * exponent -½ (g/(σ√n))² where -½ (g √n/σ)² is meant, and it leaves the equation for E ΔL out. Real gradients have means that are
 * not zero: the law is one of g - G, with G the gradient of the whole set, and of g only while σ/√n is far above |G|.
 */
import { fail } from '../engine/graph/errors.ts';

/** Of the gradients of single examples along a coordinate, and how many are averaged. */
export interface GradientSpread {
  /** σ */
  readonly deviation: number;
  /** n */
  readonly batchSize: number;
}

/** E|g| = √(2/π) σ/√n. @throws RANGE for a negative deviation or a batch that is not positive; so do all below */
export function expectedGradient({ deviation, batchSize }: GradientSpread): number {
  requireRange('deviation', deviation, deviation >= 0);
  requireRange('batchSize', batchSize, batchSize > 0);
  return (Math.sqrt(2 / Math.PI) * deviation) / Math.sqrt(batchSize);
}

/** E g² = σ²/n. */
export function expectedSquaredGradient(spread: GradientSpread): number {
  return (Math.PI / 2) * expectedGradient(spread) ** 2;
}

/** E|Δw| = lr E|g|, of plain SGD. */
export function expectedStride(spread: GradientSpread, learningRate: number): number {
  return learningRate * expectedGradient(spread);
}

/** E ΔL = lr σ²/n: what the loss of the batch falls by for each parameter. */
export function expectedLossStep(spread: GradientSpread, learningRate: number): number {
  return learningRate * expectedSquaredGradient(spread);
}

/** E|d| = σ/(a √(2π) √n), the distance to the minimum of a parabola a (w - b)² + c. @throws RANGE unless a is positive */
export function expectedDistance(spread: GradientSpread, a: number): number {
  requireRange('a', a, a > 0);
  return expectedGradient(spread) / (2 * a);
}

function requireRange(what: string, value: number, holds: boolean): void {
  if (!(holds && Number.isFinite(value)))
    fail(
      'RANGE',
      `The law of gradients: ${what} is ${value}; deviations are at least 0, all else is positive.`,
    );
}
