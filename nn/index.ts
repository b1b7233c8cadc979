/** langevin/nn: layers and models as pairs of pure functions. */
export { relu, sigmoid, tanh } from './activations.ts';
export {
  batchNorm,
  ghostBatchNorm,
  type BatchNormOptions,
  type GhostBatchNormOptions,
  type RunningStatistics,
} from './batch-norm.ts';
export { dense, type DenseOptions, type DenseParams } from './dense.ts';
export { dropout, type DropoutOptions } from './dropout.ts';
export { firstNonFinite, type NonFinite } from './first-non-finite.ts';
export {
  fanInUniform,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  initializers,
  zeros,
  type Fans,
  type Initializer,
} from './initializers.ts';
export { layerOf } from './labels.ts';
export type { ApplyContext, Context, Initialized, Layer, NoParams } from './layer.ts';
export { layerNorm, type LayerNormOptions } from './layer-norm.ts';
export { accuracy, correctCount } from './metrics.ts';
export { f1, mlp, parameterCount, type F1Options, type MlpOptions } from './models.ts';
export type { NormParams } from './normalize.ts';
export { residual, type ResidualParams, type ResidualState } from './residual.ts';
export { named, sequential, type SequentialParams, type SequentialState } from './sequential.ts';
export { recomputeStatistics, type StatisticsOptions } from './statistics.ts';
