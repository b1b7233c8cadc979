/**
 * HT's theorems on escape from a basin by large jumps (papers.md 5.2), as upper bounds in units of time; a step takes η of it. With
 * bars for values at s = 1, and the decay s_t = t^{γ-1}:
 *
 *   κ_l = 1 + (γ - 1)(α_l - 1),   C_l = [2 + (γ - 1)(α_l - 1 + ρ(α_l - α_ν))]/κ_l,
 *   A_l = (1 - m̄_ν Φ_ν/β̄_ν)(1 - β̄_l/β̄_S)
 *   4.1   E[σ] ≤ Σ_l A_l⁻¹ β̄_l (m̄_l Φ_l)^{1-C_l} Γ(C_l)/(β̄_S κ_l)
 *   4.3   P(exit through l) ≤ A_l⁻¹ (m̄_l Φ_l/β̄_l)(d_l⁺)^{-α_l} β̄_l² (m̄_l Φ_l)^{-C_l} Γ(C_l)/(β̄_S κ_l), summed over l
 *
 * α_ν is the mean of the α_l. The paper does not say what else belongs to ν: here m̄_ν Φ_ν/β̄_ν is the mean of that
 * probability over the coordinates.
 *
 * Settled or stated:
 *   the sums start at l = 1 (printed: 0);
 *   β̄_l is used as it is defined, without λ^α, though theorem 4.1 prints it with: only so corollary 4.2 follows, up to a factor 2 and
 *   λ^α for λ (`escapeBoundWithoutDecay` gives both forms);
 *   one coordinate makes A = 0 and the bound infinite; so does κ ≤ 0 (α = 2 and γ = 0: trapped), and a mean probability of exit of 1
 *   or more, where the approximation has left its ground;
 *   C of theorem 4.3 is printed with 2α_l - α_ν - α_l, which is α_l - α_ν: it is the C of theorem 4.1;
 *   at γ = 1 the terms of theorem 4.3 *fall* with λ_l, as λ_l^{-α_l}, where corollary 4.4 has them rise as λ_l^{α_l}. The corollary is
 *   what large jumps do (`axisRatio`); the theorem is given as it is printed;
 *   the corollary compares probabilities per large jump. How often large jumps along each coordinate occur, β_l, is not in it. With it
 *   ρ drops out: the ratio of exit rates is m_l (d_l⁺)^{-α_l}/(m_j (d_j⁺)^{-α_j}) (`rateRatio`).
 */
import { fail } from '../../engine/graph/errors.ts';
import { logGamma } from '../heavy-tails/gamma.ts';
import { checkAxis, exitProbability, exitRate, jumpIntensity, jumpMass, type EscapeAxis } from './levy.ts';

export interface BoundOptions {
  /** ρ in (0, 1): which jumps count as large. Default 0.5. */
  readonly rho?: number;
  /** γ in [0, 1]: the learning rate falls as t^{γ-1}. Default 1: it stays. */
  readonly gamma?: number;
}

/** What a coordinate adds, and the exponents it was computed with. */
export interface BoundTerm {
  readonly kappa: number;
  readonly c: number;
  /** A_l; at most 0 where the bound says nothing. */
  readonly a: number;
  readonly value: number;
}

export interface Bound {
  /** The sum of the terms; Infinity where the theorem says nothing. */
  readonly value: number;
  readonly terms: readonly BoundTerm[];
}

/** κ and C of a coordinate, α_ν being the mean of all α. At γ = 1 they are 1 and 2. */
export function boundExponents(
  alpha: number,
  meanAlpha: number,
  { rho = 0.5, gamma = 1 }: BoundOptions = {},
): { readonly kappa: number; readonly c: number } {
  const kappa = 1 + (gamma - 1) * (alpha - 1);
  return { kappa, c: (2 + (gamma - 1) * (alpha - 1 + rho * (alpha - meanAlpha))) / kappa };
}

/** Theorem 4.1: the mean escape time is at most this. @throws ESCAPE, STABLE for axes or options that make no sense */
export function escapeBound(axes: readonly EscapeAxis[], options: BoundOptions = {}): Bound {
  return bound(
    'escapeBound',
    axes,
    options,
    ({ intensity, rate, total, kappa, c }) => intensity * rate ** (1 - c) * (gammaOf(c) / (total * kappa)),
  );
}

/** Theorem 4.3, as printed: the probability of an exit through each coordinate's upper side. A bound, and often above 1. */
export function exitBound(axes: readonly EscapeAxis[], options: BoundOptions = {}): Bound {
  return bound(
    'exitBound',
    axes,
    options,
    ({ axis, intensity, rate, total, kappa, c }) =>
      (rate / intensity) *
      axis.plus ** -axis.alpha *
      intensity ** 2 *
      rate ** -c *
      (gammaOf(c) / (total * kappa)),
  );
}

/**
 * Corollary 4.2, γ → 1. `derived` is theorem 4.1 there, Σ_l 2 A_l⁻¹/(β_S λ_l^{α_l} ε^{α_l(1-ρ)} Φ_l); `printed` has λ_l for
 * λ_l^{α_l}, and no 2.
 */
export function escapeBoundWithoutDecay(
  axes: readonly EscapeAxis[],
  form: 'derived' | 'printed',
  { rho = 0.5 }: Pick<BoundOptions, 'rho'> = {},
): Bound {
  return bound('escapeBoundWithoutDecay', axes, { rho, gamma: 1 }, ({ axis, rate, intensity, total }) => {
    const derived = 1 / ((rate / intensity) * total);
    return form === 'derived' ? derived : (derived * axis.scale ** (axis.alpha - 1)) / 2;
  });
}

interface Parts {
  readonly axis: EscapeAxis;
  readonly intensity: number;
  /** m̄_l Φ_l. */
  readonly rate: number;
  /** β̄_S. */
  readonly total: number;
  readonly kappa: number;
  readonly c: number;
}

function bound(
  caller: string,
  axes: readonly EscapeAxis[],
  options: BoundOptions,
  termOf: (parts: Parts) => number,
): Bound {
  const { rho = 0.5, gamma = 1 } = options;
  if (axes.length === 0) fail('ESCAPE', `${caller}: there are no coordinates: pass at least two.`);
  if (!(gamma >= 0 && gamma <= 1))
    fail('ESCAPE', `${caller}: gamma ${gamma} is outside [0, 1]: at 1 the learning rate stays.`);
  axes.forEach((axis) => checkAxis(caller, axis, rho));
  const intensities = axes.map((axis) => jumpIntensity(axis, rho));
  const total = intensities.reduce((a, b) => a + b, 0);
  const meanAlpha = axes.reduce((sum, { alpha }) => sum + alpha, 0) / axes.length;
  const meanProbability = axes.reduce((sum, axis) => sum + exitProbability(axis, rho), 0) / axes.length;
  const terms = axes.map((axis, l): BoundTerm => {
    const intensity = intensities[l] as number;
    const { kappa, c } = boundExponents(axis.alpha, meanAlpha, { rho, gamma });
    const a = (1 - meanProbability) * (1 - intensity / total);
    const says = kappa > 0 && axes.length > 1 && meanProbability < 1;
    const term = says ? termOf({ axis, intensity, rate: exitRate(axis), total, kappa, c }) / a : Infinity;
    return { kappa, c, a, value: term };
  });
  return { value: terms.reduce((sum, { value }) => sum + value, 0), terms };
}

/**
 * Corollary 4.4: the probabilities that a large jump along l, and one along j, leaves through the upper side, one over the other:
 * (λ_l^{α_l}/λ_j^{α_j}) ε^{(α_l - α_j)(1-ρ)} (d_l⁺)^{-α_l}/(d_j⁺)^{-α_j}. With ε < 1 the heavier tail wins.
 */
export function axisRatio(l: EscapeAxis, j: EscapeAxis, rho = 0.5): number {
  const perJump = (axis: EscapeAxis): number =>
    (jumpMass(axis) * axis.plus ** -axis.alpha) / jumpIntensity(axis, rho);
  return perJump(l) / perJump(j);
}

/** The same with how often large jumps along each are: exits through the upper sides per unit of time, one over the other. */
export function rateRatio(l: EscapeAxis, j: EscapeAxis): number {
  const rate = (axis: EscapeAxis): number => jumpMass(axis) * axis.plus ** -axis.alpha;
  return rate(l) / rate(j);
}

function gammaOf(x: number): number {
  return Math.exp(logGamma(x));
}
