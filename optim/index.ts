/** langevin/optim: gradient transformations, schedules, and the noise-enhanced gradient. */
export { scaleByAdam, type AdamOptions, type AdamState } from './adam.ts';
export {
  initialHalving,
  learningRateFactor,
  observeLoss,
  type HalvingRule,
  type HalvingState,
} from './halving.ts';
export {
  adjustable,
  scaleByLearningRate,
  scaleBySchedule,
  withLearningRate,
  type Adjustable,
  type LearningRate,
} from './learning-rate.ts';
export { trace, type TraceOptions } from './momentum.ts';
export {
  effectiveBatchSize,
  naiveEnhancement,
  noiseEnhanced,
  plainGradient,
  type GradientRule,
  type NoiseEnhancementOptions,
  type WeightedLoss,
} from './noise-enhancement.ts';
export {
  adam,
  adamw,
  addDecayedWeights,
  sgd,
  type AdamOptimizerOptions,
  type SgdOptions,
} from './optimizers.ts';
export { constant, cosineDecay, exponentialDecay, piecewise, stepDecay, type Schedule } from './schedules.ts';
export {
  applyUpdates,
  chain,
  stateless,
  type GradientTransformation,
  type Stateless,
} from './transformation.ts';
