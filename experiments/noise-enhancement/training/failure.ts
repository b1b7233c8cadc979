/** The steps of noise enhancement made again, to find what was not finite. */
import { full, slice, valueAndGrad, type Tensor, type Tree } from '../../../engine/index.ts';
import { noiseEnhanced } from '../../../optim/index.ts';
import { cuts } from '../../training/microbatches.ts';
import type { Params, Problem } from '../../training/problem.ts';
import { coefficients, passesPerStep } from './microbatches.ts';
import type { TrainingSettings } from './settings.ts';

/** Losses and gradients of a step, pass after pass, not yet computed. */
export function* passesOf(
  settings: TrainingSettings,
  problem: Problem,
  params: Params,
  batches: readonly Tensor[],
): Generator<Tree> {
  const { alpha, form, batchSize, microbatch = 0, ghost = 0 } = settings;
  const { tensors } = problem.train;
  if (passesPerStep(settings) === 1) {
    const [first, second] = batches as [Tensor, Tensor?];
    const rule = noiseEnhanced({ alpha, form });
    const loss = problem.weightedLoss(tensors, form === 'one-pass' && alpha !== 0 ? rule.batches : 1);
    yield rule.gradient(loss)(params, first, second);
    return;
  }
  for (const { batch, coefficient } of coefficients(alpha))
    for (const { from, size } of cuts(batchSize, microbatch, ghost || 1)) {
      const indices = slice(batches[batch] as Tensor, [from], [from + size]);
      const weights = full([size], coefficient / batchSize);
      yield valueAndGrad((p: Params) => problem.weightedLoss(tensors)(p, indices, weights))(params);
    }
}
