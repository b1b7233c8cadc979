/** langevin/stats: the noise of gradients, exactly, by prediction and by measurement; and the curvature of losses. */
export * from './covariance/index.ts';
export * from './curvature/index.ts';
export * from './evidence/index.ts';
export * from './escape/index.ts';
export * from './heavy-tails/index.ts';
export * from './landscape/index.ts';
export * from './linear-algebra/index.ts';
export * from './ornstein-uhlenbeck/index.ts';
export * from './per-example/index.ts';
export {
  covarianceProduct,
  exampleDerivatives,
  innerProduct,
  powerStep,
  randomDirection,
  squaredDistance,
  type PowerStep,
} from './directions.ts';
export {
  covarianceOverN,
  enumerateNoise,
  subsets,
  type EnumerationOptions,
  type ExactNoise,
} from './enumerate.ts';
export { emptyMoments, observe, ratio, readEstimates, type Estimate, type Moments } from './moments.ts';
export {
  expectedDistance,
  expectedGradient,
  expectedLossStep,
  expectedSquaredGradient,
  expectedStride,
  type GradientSpread,
} from './gradient-law.ts';
export { disjointFactor, finitePopulationFactor, neFactor, replacementFactor } from './predictions.ts';
export { rankCorrelation, type RankCorrelation } from './rank-correlation.ts';
export { numericTrend, trend, type Trend } from './trend.ts';
