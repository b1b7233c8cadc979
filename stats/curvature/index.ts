/** Curvature and gradient noise as operators, and what can be asked of operators. */
export { alignment, rayleighQuotients, subspaceOverlap, type Alignment } from './alignment.ts';
export { coordinates, type Coordinates, type ParameterFilter } from './coordinates.ts';
export {
  fisherOperator,
  gaussNewtonOperator,
  hessianOperator,
  type FisherOptions,
} from './curvature-operators.ts';
export { differenceHessianOperator, type DifferenceOptions } from './difference-operator.ts';
export {
  denseMatrix,
  exactSpectrum,
  logDeterminant,
  occamTerm,
  type DenseMatrix,
  type DenseOptions,
  type ExactSpectrum,
  type LogDeterminant,
} from './exact.ts';
export { empiricalFisherOperator, gradientCovarianceOperator, meanGradient } from './gradient-operators.ts';
export { hutchPlusPlus, type HutchPlusPlusOptions, type HutchPlusPlusResult } from './hutch-plus-plus.ts';
export { estimateDiagonal, hutchinson, type DiagonalEstimate, type TraceEstimates } from './hutchinson.ts';
export { lanczos, type Eigenpair, type LanczosOptions, type LanczosResult } from './lanczos.ts';
export { indexMicrobatches, microbatches, type Microbatches } from './microbatches.ts';
export {
  dataNoiseScale,
  noiseScaleFromExamples,
  noiseScaleFromPairs,
  sgdNoiseScale,
  type DataNoise,
  type ExampleNorms,
  type NoiseScale,
  type NormPair,
  type SampleNoise,
  type SgdSettings,
} from './noise-scale.ts';
export { matrixOperator, type LinearOperator, type ParameterOperator } from './operator.ts';
export { powerIteration, type PowerOptions, type PowerPair } from './power-iteration.ts';
export { probe, type ProbeKind, type ProbeOptions } from './probes.ts';
export {
  classification,
  ghostBatches,
  regression,
  type Prediction,
  type PredictiveProblem,
  type Problem,
} from './problem.ts';
export {
  densityCurve,
  spectralDensity,
  spectralMean,
  spectralRange,
  type DensityCurve,
  type Quadrature,
  type SpectralDensity,
  type SpectralDensityOptions,
} from './spectral-density.ts';
export type { Point } from './sweep.ts';
