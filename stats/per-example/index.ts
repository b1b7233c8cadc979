/** Gradients of single examples, and what can be known of them without forming them. */
export { cheaperForm, normCost, pairCost, type GradientForm, type ProductSizes } from './cost.ts';
export {
  cosineStatistics,
  gradientDiversity,
  meanProducts,
  type CosineStatistics,
  type GradientDiversity,
} from './cosines.ts';
export { gradientGram, type GradientGram, type GramOptions } from './gram.ts';
export { eachGradient, perExampleGradients, type GradientPiece } from './gradients.ts';
export { byLayer, layerOfPath, type ByPath } from './layers.ts';
export { gradientMoments, type GradientMoments, type MomentTotals } from './moments.ts';
export type { MeasurementRecord } from './pass.ts';
export { describePolicy, policyContext, type NormalizationPolicy, type Unit } from './policy.ts';
export { perExampleSquaredNorms, type SquaredNormOptions, type SquaredNorms } from './squared-norms.ts';
export {
  emptyTreeMoments,
  mergeTreeMoments,
  observeTrees,
  treeMomentsOf,
  type TreeMoments,
} from './tree-moments.ts';
export { unitPoint, type GradientPoint } from './units.ts';
