/** langevin/nn: layers and models as pairs of pure functions. */
export { relu, sigmoid, tanh, type NoParams } from './activations.ts';
export { dense, type DenseOptions, type DenseParams } from './dense.ts';
export { firstNonFinite, type NonFinite } from './first-non-finite.ts';
export {
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
export type { Context, Initialized, Layer } from './layer.ts';
export { accuracy, correctCount } from './metrics.ts';
export { f1, mlp, parameterCount, type F1Options, type MlpOptions } from './models.ts';
export { named, sequential, type SequentialParams } from './sequential.ts';
