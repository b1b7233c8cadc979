/** langevin/nn: layers and models as pure functions of parameters and state. */
export { relu, sigmoid, tanh } from './activations.ts';
export {
  attend,
  initAttention,
  selfAttention,
  type AttentionContext,
  type AttentionOptions,
  type AttentionParams,
} from './attention.ts';
export {
  batchNorm,
  ghostBatchNorm,
  type BatchNormOptions,
  type GhostBatchNormOptions,
  type RunningStatistics,
} from './batch-norm.ts';
export { conv2d, type Conv2dOptions, type Conv2dParams } from './conv2d.ts';
export { dense, type DenseOptions, type DenseParams } from './dense.ts';
export { dropout, type DropoutOptions } from './dropout.ts';
export { embedding, normalOf, type EmbeddingOptions, type EmbeddingParams } from './embedding.ts';
export { firstNonFinite, type NonFinite } from './first-non-finite.ts';
export { gelu, geluOf } from './gelu.ts';
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
export { affine, linear } from './linear.ts';
export { accuracy, correctCount } from './metrics.ts';
export { alexnet, type AlexnetOptions } from './models/alexnet.ts';
export { bert, bertBase, type BertBlock, type BertOptions, type BertParams } from './models/bert.ts';
export { withBertWeights, type NamedArrays } from './models/bert-weights.ts';
export type { GroupSize, Plan } from './models/blocks.ts';
export { k16, type K16Options } from './models/k16.ts';
export {
  f1,
  mlp,
  normalizedMlp,
  type F1Options,
  type MlpOptions,
  type NormalizedMlpOptions,
} from './models/mlp.ts';
export { c1, c1Mini, c1Nano, c2, type ConvNetOptions } from './models/noise-enhancement.ts';
export { parameterCount } from './models/parameter-count.ts';
export { resnet, resnet18, resnet34, resnet50, type ResnetOptions } from './models/resnet.ts';
export { vgg, type VggOptions } from './models/vgg.ts';
export type { NormParams } from './normalize.ts';
export { averagePool, flatten, globalAveragePool, maxPool, type PoolOptions } from './pooling.ts';
export { residual, type ResidualParams, type ResidualState } from './residual.ts';
export { named, sequential, type SequentialParams, type SequentialState } from './sequential.ts';
export { recomputeStatistics, type Recompute, type StatisticsOptions } from './statistics.ts';
