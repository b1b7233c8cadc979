/**
 * Noise enhancement in one pass or in several, by the weights of the examples,
 *   d = Σ_μ weight_μ g_μ,   weight_μ = α/B in the first batch, (1 - α)/B in the second.
 */
import { noiseEnhanced, type GradientTransformation } from '../../../optim/index.ts';
import { accumulatedStep, cuts, type Coefficient } from '../../training/microbatches.ts';
import type { Problem } from '../../training/problem.ts';
import type { TrainingStep } from '../../training/step.ts';
import type { TrainingSettings } from './settings.ts';
import { trainingStep } from './step.ts';

/** How many passes a step of these settings makes: 1 if its examples fit in one. */
export function passesPerStep(settings: TrainingSettings): number {
  const { alpha, batchSize, microbatch = 0, ghost = 0 } = settings;
  const batches = coefficients(alpha).length;
  if (microbatch === 0 || batches * batchSize <= microbatch) return 1;
  return batches * cuts(batchSize, microbatch, ghost || 1).length;
}

/** The step of these settings, in one pass or in several. */
export function stepOf(
  problem: Problem,
  settings: TrainingSettings,
  optimizer: GradientTransformation,
): TrainingStep {
  return passesPerStep(settings) === 1
    ? trainingStep(problem, settings, settings.alpha, optimizer)
    : microbatchedStep(problem, settings, optimizer);
}

/** A step in several passes. */
export function microbatchedStep(
  problem: Problem,
  { alpha, batchSize, microbatch = 0, ghost = 0 }: TrainingSettings,
  optimizer: GradientTransformation,
): TrainingStep {
  const loss = problem.weightedLoss.bind(problem);
  const pieces = cuts(batchSize, microbatch, ghost || 1);
  return accumulatedStep({ loss, batchSize, coefficients: coefficients(alpha), pieces }, optimizer);
}

/** Of the batches that enter the gradient: those whose coefficient is not 0. */
export function coefficients(alpha: number): readonly Coefficient[] {
  if (noiseEnhanced({ alpha }).batches === 1) return [{ batch: 0, coefficient: 1 }];
  return [alpha, 1 - alpha]
    .map((coefficient, batch) => ({ batch, coefficient }))
    .filter(({ coefficient }) => coefficient !== 0);
}
