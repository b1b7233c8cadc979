/** langevin/optim: gradient transformations, schedules, and the noise-enhanced gradient. */
export { scaleByAdam, type AdamOptions, type AdamState } from './adam.ts';
export {
  constantBatchSize,
  cyclicBatchSize,
  piecewiseBatchSize,
  type BatchSizeSchedule,
} from './batch-schedules.ts';
export {
  curvatureRadius,
  curvatureRate,
  scaleByCurvatureRate,
  type CurvatureRateOptions,
} from './curvature-rate.ts';
export {
  groupRate,
  lars,
  medianCurvature,
  percentDelta,
  scaleByGroupRate,
  type GroupOptimizerOptions,
  type GroupRateOptions,
  type GroupRule,
  type MedianCurvatureOptions,
} from './group-rates.ts';
export {
  initialHalving,
  learningRateFactor,
  observeLoss,
  type HalvingRule,
  type HalvingState,
} from './halving.ts';
export { lamb, scaleByTrustRatio } from './lamb.ts';
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
export {
  constant,
  cosineDecay,
  cyclic,
  exponentialDecay,
  multiStep,
  piecewise,
  powerDecay,
  stepDecay,
  type Cycle,
  type Schedule,
} from './schedules.ts';
export { discardingSmallLosses, discardSmallLosses, highestLossWeights, keptCount } from './small-losses.ts';
export {
  applyUpdates,
  chain,
  stateless,
  type GradientTransformation,
  type Stateless,
} from './transformation.ts';
