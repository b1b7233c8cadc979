/** langevin/stats: what the noise of gradients is, exactly, by prediction, and by measurement. */
export {
  exampleDerivatives,
  innerProduct,
  principalDirections,
  randomDirection,
  squaredDistance,
  type PrincipalDirections,
} from './directions.ts';
export { symmetricEigen, type Eigensystem } from './eigen.ts';
export {
  covarianceOverN,
  enumerateNoise,
  subsets,
  type EnumerationOptions,
  type ExactNoise,
} from './enumerate.ts';
export { emptyMoments, observe, ratio, readEstimates, type Estimate, type Moments } from './moments.ts';
export { disjointFactor, finitePopulationFactor, neFactor, replacementFactor } from './predictions.ts';
