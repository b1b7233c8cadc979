/** The step of noise enhancement: two batches of one size, combined by α into one gradient, for Adam or SGD. */
import { jit, type Tensor } from '../../../engine/index.ts';
import { adam, adjustable, noiseEnhanced, sgd, type GradientTransformation } from '../../../optim/index.ts';
import type { ResidentTensors } from '../../../data/resident.ts';
import type { Problem } from '../../training/problem.ts';
import { advance, type Advanced, type TrainingState, type TrainingStep } from '../../training/step.ts';
import type { Recipe } from './settings.ts';

export function optimizerOf({
  optimizer,
  learningRate,
  momentum,
}: Pick<Recipe, 'optimizer' | 'learningRate' | 'momentum'>): GradientTransformation {
  const rate = adjustable(learningRate);
  return optimizer === 'adam' ? adam({ learningRate: rate }) : sgd({ learningRate: rate, momentum });
}

/** The recorded step: one pass over all its examples, or one over each batch (`form`). */
export function trainingStep(
  problem: Problem,
  { form }: Pick<Recipe, 'form'>,
  alpha: number,
  optimizer: GradientTransformation,
): TrainingStep {
  const rule = noiseEnhanced({ alpha, form });
  const batchesPerPass = form === 'one-pass' && alpha !== 0 ? rule.batches : 1;
  return jit(
    (state: TrainingState, tensors: ResidentTensors, ...batches: Tensor[]): Advanced => {
      const [first, second] = batches as [Tensor, Tensor?];
      const loss = problem.weightedLoss(tensors, batchesPerPass);
      return advance(state, ...rule.gradient(loss)(state.params, first, second), optimizer);
    },
    { donate: [0] },
  );
}
