/** The affine layer y = xW + b. */
import { add, LangevinError, matmul, random, reshape, type Shape, type Tensor } from '../engine/index.ts';
import { glorotUniform, zeros, type Initializer } from './initializers.ts';
import { stateless, type Layer, type NoParams } from './layer.ts';

/** `weight` [inputs, units], so that a batch of rows multiplies it untransposed; `bias` [units]. */
export type DenseParams = { readonly weight: Tensor; readonly bias: Tensor };

export interface DenseOptions {
  /** Default `glorotUniform`. */
  readonly weight?: Initializer;
  /** Default `zeros`. */
  readonly bias?: Initializer;
}

/**
 * Maps [B, inputs] to [B, units]. Examples of other shapes are flattened.
 * @throws LAYER for `units` that is no positive integer
 */
export function dense(
  units: number,
  { weight = glorotUniform, bias = zeros }: DenseOptions = {},
): Layer<DenseParams, NoParams> {
  if (!Number.isInteger(units) || units < 1)
    throw new LangevinError('LAYER', `dense: ${units} units are not a positive integer: give the width.`);
  return stateless<DenseParams>(
    'dense',
    (key, inputShape) => {
      const inputs = sizeOf(inputShape);
      const fans = { fanIn: inputs, fanOut: units };
      return {
        params: {
          weight: weight(random.foldIn(key, 0), [inputs, units], fans),
          bias: bias(random.foldIn(key, 1), [units], fans),
        },
        outputShape: [units],
      };
    },
    (params, x) =>
      add(matmul(reshape(x, [x.shape[0] as number, sizeOf(x.shape.slice(1))]), params.weight), params.bias),
  );
}

function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
