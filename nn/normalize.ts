/**
 * What the normalisations share. With the mean μ and the biased variance σ² of x over some axes,
 *   y = (x - μ) / √(σ² + ε) · scale + offset
 *
 * For any constant c, and so for c = μ held constant under differentiation,
 *   σ² = mean (x - c)² - (μ - c)²        x - μ = (x - c) - (μ - c)
 * In value μ - c is 0, so this is the two-pass variance, which does not cancel where the mean is large. But both sides
 * are equal as functions of x, so derivatives of every order are right too, and they are cheap: what flows back through
 * the mean is a sum of the cotangent, which `offset` needs anyway. Written with x - μ alone, the backward pass would
 * store the cotangent of x - μ, sum it over again, and take the mean off in one more pass.
 */
import {
  add,
  LangevinError,
  mean,
  mul,
  ones,
  stopGradient,
  sub,
  zeros,
  type Shape,
  type Tensor,
  type TensorLike,
} from '../engine/index.ts';

/** Both [C], C the last extent: `scale` starts at 1 and `offset` at 0. */
export type NormParams = { readonly scale: Tensor; readonly offset: Tensor };

/** Moments over one axis, which is kept with extent 1; x - c, and μ - c, which is 0 in value and not in derivative. */
export interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly centered: Tensor;
  readonly drift: Tensor;
}

export function momentsAlong(x: Tensor, axis: number): Moments {
  const average = mean(x, axis, true);
  const center = stopGradient(average);
  const [centered, drift] = [sub(x, center), sub(average, center)];
  const variance = sub(mean(mul(centered, centered), axis, true), mul(drift, drift));
  return { mean: average, variance, centered, drift };
}

/** (x - μ)·factor + shift, for a factor and a shift of the moments' shape. */
export function normalized({ centered, drift }: Moments, factor: Tensor, shift: TensorLike): Tensor {
  return add(mul(centered, factor), sub(shift, mul(drift, factor)));
}

export function initNorm(name: string, inputShape: Shape): NormParams & { readonly channels: number } {
  const channels = inputShape.at(-1);
  if (channels === undefined)
    throw new LangevinError(
      'LAYER',
      `${name}: examples without axes have no channels: give examples of shape [..., channels].`,
    );
  return { channels, scale: ones([channels]), offset: zeros([channels]) };
}

export function checkEpsilon(name: string, epsilon: number): void {
  if (!(epsilon > 0 && epsilon < Infinity))
    throw new LangevinError(
      'LAYER',
      `${name}: epsilon is ${epsilon}; it keeps 1/√(variance + epsilon) finite: give a small positive number.`,
    );
}
