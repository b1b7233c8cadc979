/**
 * How batch normalisation is treated while gradients are measured. In training the statistics of a batch tie its examples
 * together, so "the gradient of one example" has to be given a meaning first. There are three, and every result records the
 * one that was used.
 *
 * - `frozen`: the layers evaluate, with fixed statistics. Examples are independent and have gradients of their own.
 * - `whole-batch`: the statistics are those of all examples given, and derivatives are taken through them. ℓ_μ depends on all
 *   examples; g_μ = ∂ℓ_μ/∂θ is a row of the Jacobian of all losses. The mean of the rows is the gradient of training.
 * - `ghost`: examples are normalised in groups that do not see one another. Groups are independent and examples are not: the
 *   unit of every statistic is the ghost batch, its loss the mean over its examples, and counts are of ghost batches.
 */
import { fail } from '../../engine/graph/errors.ts';

export type NormalizationPolicy =
  | { readonly kind: 'frozen' }
  | { readonly kind: 'whole-batch' }
  /** `groupSize` examples in a row are one ghost batch. */
  | { readonly kind: 'ghost'; readonly groupSize: number };

/** What a statistic is over: single examples, or ghost batches. */
export type Unit = 'example' | 'ghost batch';

/**
 * What to tell a model under the policy: `model.apply(params, x, { state, ...policyContext(policy) })`. Under `ghost` the
 * model's ghost batch normalisation must have the policy's group size, and under `whole-batch` it must be `batchNorm`.
 */
export function policyContext({ kind }: NormalizationPolicy): { readonly training: boolean } {
  return { training: kind !== 'frozen' };
}

/** As in results and the names of operators: `ghost batches of 25 examples`. */
export function describePolicy(policy: NormalizationPolicy): string {
  switch (policy.kind) {
    case 'frozen':
      return 'frozen statistics';
    case 'whole-batch':
      return 'statistics of the whole batch';
    case 'ghost':
      return `ghost batches of ${policy.groupSize} examples`;
  }
}

export function unitOf({ kind }: NormalizationPolicy): Unit {
  return kind === 'ghost' ? 'ghost batch' : 'example';
}

/** Examples per unit. @throws GHOST_BATCH if that is no positive integer */
export function examplesPerUnit(policy: NormalizationPolicy): number {
  if (policy.kind !== 'ghost') return 1;
  if (!Number.isInteger(policy.groupSize) || policy.groupSize < 1)
    fail('GHOST_BATCH', `A ghost batch of ${policy.groupSize} examples: give a positive integer.`);
  return policy.groupSize;
}
