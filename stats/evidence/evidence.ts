/**
 * The Bayesian evidence of a model by Laplace's approximation, against a model that knows nothing (Smith & Le, 2018, section 2).
 * With a prior N(0, 1/λ) on every parameter, the likelihood integrated about the minimum ω₀ of C = H + λ|ω|²/2 gives
 *
 *     ln evidence ≈ -[ C(ω₀) + ½ Σ_i ln(λ_i/λ) ],     λ_i eigenvalues of ∇∇C(ω₀), which include λ.
 *
 * The null model gives every one of n classes the probability 1/n: ln evidence = -N ln n. What is compared is
 *
 *     E = C(ω₀) + ½ Σ_i ln(λ_i/λ) - N ln n,
 *
 * the log evidence ratio *in favour of the null*: the model is to be believed only where E < 0. Away from a minimum the
 * sum takes only the λ_i ≥ λ, as published; at a minimum of a convex H there are no others.
 */
import { fail } from '../../engine/graph/errors.ts';
import { firstOf, logDeterminant, occamTerm } from '../curvature/exact.ts';

export interface EvidenceTerms {
  /** C(ω₀): the sum of the cross-entropies in nats, and λ|ω₀|²/2. */
  readonly objective: number;
  /** Of ∇∇C(ω₀). */
  readonly eigenvalues: ArrayLike<number>;
  /** λ. */
  readonly lambda: number;
  /** N. */
  readonly examples: number;
  /** n. */
  readonly classes: number;
}

export interface Evidence {
  /** E. */
  readonly logRatio: number;
  /** ½ Σ ln(λ_i/λ) over the eigenvalues that count. */
  readonly occam: number;
  /** N ln n. */
  readonly null: number;
  /** The eigenvalues below λ, ascending, which do not count. */
  readonly leftOut: readonly number[];
}

/**
 * E over the eigenvalues that are at least λ.
 * @throws PRIOR unless λ is positive and finite; COUNT; NON_FINITE
 */
export function logEvidenceRatio(terms: EvidenceTerms): Evidence {
  const { eigenvalues, lambda } = terms;
  const { value: occam, leftOut } = occamTerm(eigenvalues, lambda);
  return { ...ratioOf(terms, occam), leftOut };
}

/**
 * E over all eigenvalues, which needs a minimum: each must be positive.
 * @throws NOT_POSITIVE listing those that are not; PRIOR; COUNT; NON_FINITE
 */
export function logEvidenceRatioOfAll(terms: EvidenceTerms): Evidence {
  const { eigenvalues, lambda } = terms;
  // For its check of λ.
  occamTerm([], lambda);
  const downwards = Array.from(eigenvalues)
    .filter((value) => value <= 0)
    .sort((a, b) => a - b);
  if (downwards.length > 0)
    fail(
      'NOT_POSITIVE',
      `logEvidenceRatioOfAll: ${downwards.length} of ${eigenvalues.length} eigenvalues of the Hessian have no logarithm, ${firstOf(downwards)}: ` +
        'go on to a minimum, or take logEvidenceRatio, which leaves out those below λ.',
    );
  const relative = Array.from(eigenvalues, (value) => value / lambda);
  return { ...ratioOf(terms, logDeterminant(relative).value / 2), leftOut: [] };
}

function ratioOf({ objective, examples, classes }: EvidenceTerms, occam: number): Omit<Evidence, 'leftOut'> {
  if (!(examples >= 1 && classes >= 2))
    fail('COUNT', `the evidence of ${examples} examples in ${classes} classes: give at least 1 and 2.`);
  if (!Number.isFinite(objective))
    fail('NON_FINITE', `the objective is ${objective}: there is no evidence where the fit diverged.`);
  const nothing = examples * Math.log(classes);
  return { logRatio: objective + occam - nothing, occam, null: nothing };
}
