/** GELU (Hendrycks & Gimpel 2016): x Φ(x), Φ the normal distribution function, exactly and not by the tanh that is often put for it. */
import { add, erf, mul, type Tensor } from '../engine/index.ts';
import { stateless, type Layer, type NoParams } from './layer.ts';

/** x/2 · (1 + erf(x/√2)). */
export function geluOf(x: Tensor): Tensor {
  return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
}

/** {@link geluOf} as a layer. */
export const gelu = (): Layer<NoParams, NoParams> =>
  stateless(
    'gelu',
    (_key, inputShape) => ({ params: {}, outputShape: inputShape }),
    (_params, x) => geluOf(x),
  );
