/**
 * What the normalisations share. With the mean μ and the biased variance σ² of x over some axes,
 *   y = (x - μ) / √(σ² + ε) · scale + offset
 * The variance is the mean of the squared deviations from μ, taken after μ (two passes): Σx² - nμ² would cancel where
 * the mean is large. One deviation serves the variance and the output, so that the gradient too passes through x - μ
 * once and ends in a single mean.
 */
import { LangevinError, mean, mul, ones, sub, zeros, type Shape, type Tensor } from '../engine/index.ts';

/** Both [C], C the last extent: `scale` starts at 1 and `offset` at 0. */
export type NormParams = { readonly scale: Tensor; readonly offset: Tensor };

/** Moments over one axis, which is kept with extent 1, and x less its mean. */
export interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly deviation: Tensor;
}

export function momentsAlong(x: Tensor, axis: number): Moments {
  const center = mean(x, axis, true);
  const deviation = sub(x, center);
  return { mean: center, deviation, variance: mean(mul(deviation, deviation), axis, true) };
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
