/** Dropout (Srivastava et al. 2014) in the inverted form: training is scaled, so that evaluation is the identity. */
import { LangevinError, mul, random, where } from '../engine/index.ts';
import { stateless, type Layer, type NoParams } from './layer.ts';

export interface DropoutOptions {
  /** The probability that an element is dropped, in [0, 1). */
  readonly rate: number;
}

/**
 * In training sets every element to 0 with probability `rate` and multiplies the others by 1/(1 - rate), which keeps
 * the expectation. Which elements is a function of `context.key`, into which `sequential` folds the layer's path: two
 * dropouts of a model differ, and the same key repeats a pass. In evaluation, and at rate 0, the identity.
 *
 * @throws LAYER for a rate outside [0, 1). When called: KEY in training without a key
 */
export function dropout({ rate }: DropoutOptions): Layer<NoParams, NoParams> {
  if (!(rate >= 0 && rate < 1))
    throw new LangevinError(
      'LAYER',
      `dropout: rate is ${rate}; it is a probability below 1: give a number from 0 up to 1.`,
    );
  return stateless(
    'dropout',
    (_key, inputShape) => ({ params: {}, outputShape: inputShape }),
    (_params, x, { training = false, key, path }) => {
      if (!training || rate === 0) return x;
      if (!key)
        throw new LangevinError(
          'KEY',
          `dropout '${path ?? 'dropout'}': training draws which elements to drop: pass { key } in the context, a new one for every step.`,
        );
      return where(random.bernoulli(key, 1 - rate, x.shape), mul(x, 1 / (1 - rate)), 0);
    },
  );
}
