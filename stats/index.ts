/** langevin/stats: what the noise of gradients is, exactly, by prediction, and by measurement. */
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
export { disjointFactor, finitePopulationFactor, neFactor, replacementFactor } from './predictions.ts';
export { numericTrend, trend, type Trend } from './trend.ts';
