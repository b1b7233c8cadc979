/** Why a training stopped at a loss that is not finite. */
import { LangevinError, type Tree } from '../../engine/index.ts';
import { firstNonFinite, type NonFinite } from '../../nn/index.ts';
import type { Params } from './problem.ts';

/** A loss that is not finite, with code NON_FINITE. */
export class TrainingFailure extends LangevinError {
  /** The number of the step, from 0: as many were made before it. */
  readonly step: number;

  constructor(step: number, message: string) {
    super('NON_FINITE', message);
    this.step = step;
  }
}

/** A step that failed, to be made again. */
export interface FailedStep {
  readonly step: number;
  /** What tells the training from others: `α = 2, B = 100`. */
  readonly setting: string;
  readonly advice: string;
  /** As before the step. */
  readonly params: Params;
  /** What the step computes, its passes in turn: losses and gradients. */
  readonly passes: Iterable<Tree>;
}

/** Runs the failed step again, node by node, and says where it failed. */
export async function explainFailure(failed: FailedStep): Promise<TrainingFailure> {
  const { step, setting, advice } = failed;
  const found = await findNonFinite(failed);
  return new TrainingFailure(
    step,
    `Step ${step} (${setting}): the loss is not finite, and the parameters were left as before the step; ` +
      `the first tensor that is not finite is ${found?.description ?? 'not to be found again'}. ${advice}`,
  );
}

async function findNonFinite({ params, passes }: FailedStep): Promise<NonFinite | undefined> {
  for (const outputs of passes) {
    const found = await firstNonFinite(outputs, params);
    if (found) return found;
  }
  return undefined;
}
