/**
 * The stationary variance of SGD with momentum on a parabola, exactly, at any learning rate. One coordinate of curvature h,
 * gradients h w + ξ with independent ξ of variance σ²:
 *
 *     v ← m v + h w + ξ,     w ← w - η v.
 *
 * Eliminating v: w' = (1 + m - ηh) w - m w⁻ - ηξ, an autoregression of second order with φ₁ = 1 + m - ηh, φ₂ = -m and noise η²σ².
 * Its stationary variance is η²σ² (1 - φ₂) / ((1 + φ₂)((1 - φ₂)² - φ₁²)), and (1 - φ₂)² - φ₁² = ηh (2(1 + m) - ηh), so
 *
 *     Var w = η σ² (1 + m) / (h (1 - m) (2(1 + m) - ηh)),
 *
 * which tends to ησ²/(2h(1 - m)) for small ηh: the noise scale η/(1 - m) of Langevin's equation (Smith & Le, 2018). Without
 * momentum it is ησ²/(h(2 - ηh)), the finite-step form of the Ornstein-Uhlenbeck variance.
 */
import { fail } from '../../engine/graph/errors.ts';

export interface HeavyBall {
  /** η. */
  readonly learningRate: number;
  /** m in [0, 1). Default 0. */
  readonly momentum?: number;
  /** h > 0. */
  readonly curvature: number;
  /** σ²: variance of the noise of one step's gradient, that of an example over the batch size. */
  readonly noise: number;
}

/**
 * Var w.
 * @throws UNSTABLE unless 0 < ηh < 2(1 + m), beyond which there is no stationary state; MOMENTUM
 */
export function heavyBallVariance({ learningRate, momentum = 0, curvature, noise }: HeavyBall): number {
  if (!(momentum >= 0 && momentum < 1))
    fail('MOMENTUM', `heavyBallVariance: momentum ${momentum} keeps no memory that fades: give 0 ≤ m < 1.`);
  const step = learningRate * curvature;
  const limit = 2 * (1 + momentum);
  if (!(step > 0 && step < limit))
    fail(
      'UNSTABLE',
      `heavyBallVariance: η h = ${step} has no stationary state: it lies between 0 and 2(1 + m) = ${limit}; take another learning rate.`,
    );
  return (learningRate * noise * (1 + momentum)) / (curvature * (1 - momentum) * (limit - step));
}
