/**
 * Gradient descent driven by Lévy noise, as HT models SGD (papers.md 5.2):
 *   dW_t = -∇U(W_t) dt + ε̄_t dL_t,   ε̄ = s^{(α-1)/α} ε,   ε = η^{(α-1)/α},
 * s_t the schedule of the learning rate, 1 at the start, and L a symmetric process with the jump measure
 * ν(dy) = |y|^{-1-α} dy in every coordinate. Time is counted in units in which a step takes η. Jumps above a threshold O
 * are "large"; between them W follows the flow of -∇U and small jumps, at a large one it leaves the basin or
 * does not. What follows for one coordinate l stands here, per unit of time; bounds.ts has the theorems.
 *
 * Misprints of the paper that are settled here:
 *   the noise term u_k of a step has the coefficient η, and ε is that of the equation: an Euler step of length η makes ε η^{1/α} = η of it;
 *   the mean gap between large jumps is printed with s^{-ρα}; it is 1/β, with s^{-ρ(α-1)};
 *   m_l(t) is printed without the power α of λ, and the exit argument with s instead of s^{(α-1)/α};
 *   the drift of the process between jumps has a minus sign;
 *   the mean of small jumps is printed with the -1 inside the exponent;
 *   λ is called a row sum of a covariance, which does not exist for α < 2: here it is the scale σ_l of the fitted law.
 * ε is below 1 for α > 1 only. For α < 1 it is above 1, and ε̄ *grows* as the learning rate decays.
 */
import { fail } from '../../engine/graph/errors.ts';
import { checkLaw } from '../heavy-tails/distribution.ts';

/** The noise and the basin along one coordinate. */
export interface EscapeAxis {
  readonly alpha: number;
  /** λ_l: the scale of the noise u = ∇U - G_B, as fitted. */
  readonly scale: number;
  /** d⁺ and d⁻: how far the border of the basin lies from the minimum; Infinity where there is none. */
  readonly plus: number;
  readonly minus: number;
  /** ε. Default 1; `noiseCoefficient(η, α)` for SGD. */
  readonly epsilon?: number;
}

/** ε = η^{(α-1)/α}. @throws STABLE for α outside (0, 2], ESCAPE for a rate that is not positive */
export function noiseCoefficient(learningRate: number, alpha: number): number {
  checkLaw('noiseCoefficient', alpha);
  checkPositive('noiseCoefficient', { learningRate });
  return learningRate ** ((alpha - 1) / alpha);
}

/** s_t = t^{γ-1} for t ≥ 1, 1 before. @throws ESCAPE unless 0 ≤ gamma ≤ 1 */
export function exponentialRate(gamma: number): (time: number) => number {
  if (!(gamma >= 0 && gamma <= 1))
    fail('ESCAPE', `exponentialRate: gamma ${gamma} is outside [0, 1]: at 1 the rate stays, below it falls.`);
  return (time) => Math.max(time, 1) ** (gamma - 1);
}

/** s_t = γ_p on (T_p, T_{p+1}], 1 before the first. @throws ESCAPE unless times ascend from above 0 and factors lie in (0, 1) */
export function multiStepRate(
  stages: readonly { readonly after: number; readonly factor: number }[],
): (time: number) => number {
  stages.forEach(({ after, factor }, k) => {
    if (!(after > (stages[k - 1]?.after ?? 0)))
      fail('ESCAPE', `multiStepRate: stage ${k} begins at ${after}: times ascend and lie above 0.`);
    if (!(factor > 0 && factor < 1))
      fail('ESCAPE', `multiStepRate: stage ${k} has the factor ${factor}: give one between 0 and 1.`);
  });
  return (time) => stages.findLast(({ after }) => time > after)?.factor ?? 1;
}

/** O = ε^{-ρ} s^{-ρ(α-1)/α}: jumps of L above it are large. */
export function jumpThreshold(axis: EscapeAxis, rho: number, s = 1): number {
  const { alpha, epsilon } = checkAxis('jumpThreshold', axis, rho);
  return epsilon ** -rho * s ** ((-rho * (alpha - 1)) / alpha);
}

/** β_l = ν(|y| > O) = 2/α s^{ρ(α-1)} ε^{ρα}, large jumps per unit of time. They come as a Poisson process. */
export function jumpIntensity(axis: EscapeAxis, rho: number, s = 1): number {
  const { alpha, epsilon } = checkAxis('jumpIntensity', axis, rho);
  return (2 / alpha) * s ** (rho * (alpha - 1)) * epsilon ** (rho * alpha);
}

/** 1/β_l: the mean time between large jumps. */
export function meanJumpGap(axis: EscapeAxis, rho: number, s = 1): number {
  return 1 / jumpIntensity(axis, rho, s);
}

/** Φ_l = (d⁻)^{-α} + (d⁺)^{-α}. */
export function basinFactor(axis: EscapeAxis): number {
  const { alpha, plus, minus } = checkAxis('basinFactor', axis);
  return minus ** -alpha + plus ** -alpha;
}

/** m_l = (λ_l ε)^α / α: m_l d^{-α} is the intensity of jumps beyond +d. At another s it has the factor s^{α-1}. */
export function jumpMass(axis: EscapeAxis): number {
  const { alpha, scale, epsilon } = checkAxis('jumpMass', axis);
  return (scale * epsilon) ** alpha / alpha;
}

/** m_l Φ_l s^{α-1}: exits through coordinate l per unit of time. */
export function exitRate(axis: EscapeAxis, s = 1): number {
  return jumpMass(axis) * basinFactor(axis) * s ** (axis.alpha - 1);
}

/** m_l Φ_l s^{α-1}/β_l: the probability that a large jump along l leaves the basin. An approximation for small ε: above 1 it is none. */
export function exitProbability(axis: EscapeAxis, rho: number, s = 1): number {
  return exitRate(axis, s) / jumpIntensity(axis, rho, s);
}

/**
 * The mean of |y| that small jumps, those between 1 and O, add up to in time t: μ_ξ = 2t (O^{1-α} - 1)/(1 - α), with the limit
 * 2t ln O at α = 1. Of signed jumps the mean is 0 by symmetry.
 */
export function smallJumpMean(axis: EscapeAxis, rho: number, time: number, s = 1): number {
  const { alpha } = axis;
  const logThreshold = Math.log(jumpThreshold(axis, rho, s));
  if (alpha === 1) return 2 * time * logThreshold;
  return (2 * time * Math.expm1((1 - alpha) * logThreshold)) / (1 - alpha);
}

/**
 * E[Z^l Z^j] of two coordinates between large jumps, about a minimum with the curvatures h_ll and h_jj (lemma 3.3):
 *   w_l w_j e^{-(h_ll + h_jj)t} + A_jl + A_lj,   A_lj = ε̄_l w_j e^{-h_jj t} μ_l (2t + (1 - e^{-h_ll t})/h_ll).
 * The means μ are 0 for signed jumps, and the A with them. Beyond t = 0 the lemma is a heuristic that nothing was found to confirm; proposition
 * 3.4, which sums it to a covariance of gradients, is left out.
 */
export function betweenJumpCorrelation(l: BetweenJumps, j: BetweenJumps, time: number): number {
  const part = (a: BetweenJumps, b: BetweenJumps): number =>
    a.coefficient *
    b.start *
    Math.exp(-b.curvature * time) *
    a.jumpMean *
    (2 * time - Math.expm1(-a.curvature * time) / a.curvature);
  const flow = l.start * j.start * Math.exp(-(l.curvature + j.curvature) * time);
  return flow + part(l, j) + part(j, l);
}

/** One coordinate between large jumps. */
export interface BetweenJumps {
  /** w: where it was after the last large jump, from the minimum. */
  readonly start: number;
  /** h > 0. */
  readonly curvature: number;
  /** ε̄. */
  readonly coefficient: number;
  /** μ_ξ; 0 for signed jumps. */
  readonly jumpMean: number;
}

/**
 * How far the flow without noise still is from the minimum: |Y_t - W*|² ≤ (2Ũ/μ) e^{-2μt}, Ũ = U(w) - U*, for U with ∇²U ≥ μ.
 */
export function flowBound(excess: number, mu: number, time: number): number {
  checkPositive('flowBound', { mu });
  return ((2 * excess) / mu) * Math.exp(-2 * mu * time);
}

/** The time after which {@link flowBound} is below radius², the relaxation that the theory takes to be short: O(|ln radius|). */
export function relaxationTime(excess: number, mu: number, radius: number): number {
  checkPositive('relaxationTime', { mu, radius });
  return Math.max(0, Math.log((2 * excess) / (mu * radius * radius)) / (2 * mu));
}

/** @throws STABLE for another law; ESCAPE for distances or an ε that are not positive, or ρ outside (0, 1) */
export function checkAxis(caller: string, axis: EscapeAxis, rho = 0.5): Required<EscapeAxis> {
  const { epsilon = 1, ...rest } = axis;
  checkLaw(caller, axis.alpha, axis.scale);
  checkPositive(caller, { epsilon });
  if (!(axis.plus > 0 && axis.minus > 0))
    fail(
      'ESCAPE',
      `${caller}: the border lies ${axis.plus} and ${axis.minus} away: distances are positive, Infinity where there is no border.`,
    );
  if (!(rho > 0 && rho < 1))
    fail('ESCAPE', `${caller}: rho ${rho} is outside (0, 1): it sets which jumps count as large.`);
  return { ...rest, epsilon };
}

function checkPositive(caller: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!(value > 0 && value < Infinity))
      fail('ESCAPE', `${caller}: ${name} is ${value}: give a positive number.`);
}
