/**
 * Escape in steps of SGD, from what is measured: fitted laws and distances to the border. The step noise along coordinate l is
 * ησ_l X, X of SαS(1), and P(|X| > x) → C_α x^{-α}; one large jump leaves the basin, so exits through l come at the rate
 *   r_l = (C_{α_l}/2) (ησ_l)^{α_l} [(d_l⁺)^{-α_l} + (d_l⁻)^{-α_l}] per step,
 * and the mean escape takes 1/Σ r_l steps. It is the theory of levy.ts with the constant that the law of SαS has, α C_α/2 in place of
 * the 1 of its ν. It counts single jumps: where ησ_l is not small against d_l, or α_l is near 2 and diffusion does the work, it
 * says too little (at α = 2 nothing: C_2 = 0).
 */
import { fail } from '../../engine/graph/errors.ts';
import { tailConstant } from '../heavy-tails/distribution.ts';
import { logGamma } from '../heavy-tails/gamma.ts';
import { checkAxis, type EscapeAxis } from './levy.ts';

/**
 * r_l: exits through the coordinate per step.
 *
 * @param noise what a unit number of the axis's law is multiplied by in a step: η for SGD
 */
export function exitsPerStep(axis: EscapeAxis, noise: number): number {
  const { alpha, scale, plus, minus } = checkAxis('exitsPerStep', axis);
  if (!(noise > 0))
    fail('ESCAPE', `exitsPerStep: noise is ${noise}: give what noise is multiplied by in a step, η for SGD.`);
  return (tailConstant(alpha) / 2) * (noise * scale) ** alpha * (plus ** -alpha + minus ** -alpha);
}

/** 1/Σ r_l: the mean number of steps to leave; Infinity if no jump can. */
export function escapeSteps(axes: readonly EscapeAxis[], noise: number): number {
  if (axes.length === 0) fail('ESCAPE', 'escapeSteps: there are no coordinates: pass at least one.');
  return 1 / axes.reduce((sum, axis) => sum + exitsPerStep(axis, noise), 0);
}

/**
 * The exact mean of the time with the hazard a t^{κ-1}, Weibull's law: (κ/a)^{1/κ} Γ(1 + 1/κ). HT prints a^{-1/κ} Γ(1 + 1/κ)/κ, which
 * is this over κ^{1 + 1/κ}, and the same at κ = 1.
 *
 * @throws ESCAPE unless a and κ are positive
 */
export function weibullMean(a: number, kappa: number): number {
  if (!(a > 0 && kappa > 0))
    fail(
      'ESCAPE',
      `weibullMean: the hazard ${a} t^(${kappa} - 1) leaves some forever: a and kappa are positive.`,
    );
  return (kappa / a) ** (1 / kappa) * Math.exp(logGamma(1 + 1 / kappa));
}

/** How far a search for the border goes. */
export interface BorderOptions {
  /** The first distance that is tried, and the last: beyond it there is no border. Default 1e-3 and 1e4. */
  readonly first?: number;
  readonly most?: number;
}

/**
 * How far one can go along each of `count` directions before a loss has risen by `barrier`: d with excess(d) = barrier, by doubling and then
 * bisection to 1e-6 relatively, all directions in one evaluation at a time. Infinity where it never does. Of several such
 * distances it is one not beyond the first that doubling meets.
 *
 * @param excess L(w* + d_k e_k) - L(w*) of every direction k for distances d
 * @throws ESCAPE for a barrier that is not positive
 */
export async function borderDistances(
  excess: (distances: Float64Array) => Promise<ArrayLike<number>>,
  count: number,
  barrier: number,
  { first = 1e-3, most = 1e4 }: BorderOptions = {},
): Promise<Float64Array> {
  if (!(barrier > 0))
    fail(
      'ESCAPE',
      `borderDistances: a barrier of ${barrier} is passed at once: give how much the loss rises.`,
    );
  const inside = new Float64Array(count);
  const outside = new Float64Array(count).fill(Infinity);
  for (let distance = first; distance <= most && outside.includes(Infinity); distance *= 2) {
    const found = await excess(new Float64Array(count).fill(distance));
    for (let k = 0; k < count; k++)
      if (outside[k] === Infinity) {
        // NaN, where the loss itself has overflown, is beyond the border.
        if ((found[k] as number) < barrier) inside[k] = distance;
        else outside[k] = distance;
      }
  }
  for (let step = 0; step < 20; step++) {
    const middle = inside.map((near, k) => (near + (outside[k] as number)) / 2);
    const found = await excess(middle.map((distance) => (distance === Infinity ? most : distance)));
    middle.forEach((distance, k) => {
      if (distance === Infinity) return;
      if ((found[k] as number) < barrier) inside[k] = distance;
      else outside[k] = distance;
    });
  }
  return outside;
}
