/** Layer normalisation (Ba, Kiros, Hinton 2016): every vector of features by its own mean and variance. */
import { add, mul, rsqrt } from '../engine/index.ts';
import { stateless, type Layer, type NoParams } from './layer.ts';
import { checkEpsilon, initNorm, momentsAlong, normalized, type NormParams } from './normalize.ts';

export interface LayerNormOptions {
  /** ε in √(variance + ε). Default 1e-5. */
  readonly epsilon?: number;
}

/**
 * Normalises over the last axis, then scales and shifts each of its C elements: [B, ..., C] to the same shape. No
 * example sees another, so training and evaluation are the same.
 *
 * @throws LAYER for an `epsilon` that is not positive
 */
export function layerNorm({ epsilon = 1e-5 }: LayerNormOptions = {}): Layer<NormParams, NoParams> {
  checkEpsilon('layerNorm', epsilon);
  return stateless<NormParams>(
    'layerNorm',
    (_key, inputShape) => {
      const { scale, offset } = initNorm('layerNorm', inputShape);
      return { params: { scale, offset }, outputShape: inputShape };
    },
    ({ scale, offset }, x) => {
      const moments = momentsAlong(x, -1);
      return add(mul(normalized(moments, rsqrt(add(moments.variance, epsilon)), 0), scale), offset);
    },
  );
}
