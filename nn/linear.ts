/** The affine map y = xW + b of vectors that lie along the last axis: `dense` for sequences, which it does not flatten. */
import { add, LangevinError, matmul, random, type Tensor } from '../engine/index.ts';
import type { DenseOptions, DenseParams } from './dense.ts';
import { glorotUniform, zeros } from './initializers.ts';
import { stateless, type Layer, type NoParams } from './layer.ts';

/** x [..., inputs] times `weight` [inputs, units], plus `bias` [units]. */
export function affine({ weight, bias }: DenseParams, x: Tensor): Tensor {
  return add(matmul(x, weight), bias);
}

/**
 * Maps [B, ..., inputs] to [B, ..., units], every vector by itself.
 * @throws LAYER for `units` that is no positive integer. From `init`: for examples without axes
 */
export function linear(
  units: number,
  { weight = glorotUniform, bias = zeros }: DenseOptions = {},
): Layer<DenseParams, NoParams> {
  if (!Number.isInteger(units) || units < 1)
    throw new LangevinError('LAYER', `linear: ${units} units are not a positive integer: give the width.`);
  return stateless<DenseParams>(
    'linear',
    (key, inputShape) => {
      const inputs = inputShape.at(-1);
      if (inputs === undefined)
        throw new LangevinError(
          'LAYER',
          'linear: examples without axes have no vectors: give [..., inputs].',
        );
      const fans = { fanIn: inputs, fanOut: units };
      return {
        params: {
          weight: weight(random.foldIn(key, 0), [inputs, units], fans),
          bias: bias(random.foldIn(key, 1), [units], fans),
        },
        outputShape: [...inputShape.slice(0, -1), units],
      };
    },
    affine,
  );
}
