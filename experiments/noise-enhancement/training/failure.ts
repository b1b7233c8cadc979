/** Why a training stopped at a loss that is not finite. */
import { full, LangevinError, slice, valueAndGrad, type Tensor } from '../../../engine/index.ts';
import { firstNonFinite, type NonFinite } from '../../../nn/index.ts';
import { noiseEnhanced } from '../../../optim/index.ts';
import { coefficients, cuts, passesPerStep } from './microbatches.ts';
import type { Params, Problem } from '../../training/problem.ts';
import type { TrainingSettings } from './settings.ts';
import type { TrainingState } from './step.ts';

/** A loss that is not finite, with code NON_FINITE. */
export class TrainingFailure extends LangevinError {
  /** The number of the step, from 0: as many were made before it. */
  readonly step: number;

  constructor(step: number, message: string) {
    super('NON_FINITE', message);
    this.step = step;
  }
}

/** Runs the failed step again, on the batches it had, node by node, and says where it failed. */
export async function explainFailure(
  state: TrainingState,
  settings: TrainingSettings,
  problem: Problem,
  batchesAt: (step: number) => readonly Tensor[],
): Promise<TrainingFailure> {
  const failedAt = await state.failedAt.item();
  const { alpha, batchSize } = settings;
  const found = await findNonFinite(state.params, settings, problem, batchesAt(failedAt));
  return new TrainingFailure(
    failedAt,
    `Step ${failedAt} (α = ${alpha}, B = ${batchSize}): the loss is not finite, and the parameters were left as before the step; ` +
      `the first tensor that is not finite is ${found?.description ?? 'not to be found again'}. Take a smaller learning rate or α.`,
  );
}

async function findNonFinite(
  params: Params,
  settings: TrainingSettings,
  problem: Problem,
  batches: readonly Tensor[],
): Promise<NonFinite | undefined> {
  const { alpha, form, batchSize, microbatch = 0, ghost = 0 } = settings;
  const { tensors } = problem.train;
  if (passesPerStep(settings) === 1) {
    const [first, second] = batches as [Tensor, Tensor?];
    const rule = noiseEnhanced({ alpha, form });
    const loss = problem.weightedLoss(tensors, form === 'one-pass' && alpha !== 0 ? rule.batches : 1);
    return firstNonFinite(rule.gradient(loss)(params, first, second), params);
  }
  for (const { batch, coefficient } of coefficients(alpha))
    for (const { from, size } of cuts(batchSize, microbatch, ghost || 1)) {
      const indices = slice(batches[batch] as Tensor, [from], [from + size]);
      const weights = full([size], coefficient / batchSize);
      const outputs = valueAndGrad((p: Params) => problem.weightedLoss(tensors)(p, indices, weights))(params);
      const found = await firstNonFinite(outputs, params);
      if (found) return found;
    }
  return undefined;
}
