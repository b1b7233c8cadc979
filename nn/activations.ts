/** Elementwise nonlinearities as layers without parameters. */
import { relu as reluOf, sigmoid as sigmoidOf, tanh as tanhOf, type Tensor } from '../engine/index.ts';
import { stateless, type Layer, type NoParams } from './layer.ts';

function activation(name: string, f: (x: Tensor) => Tensor): Layer<NoParams, NoParams> {
  return stateless(
    name,
    (_key, inputShape) => ({ params: {}, outputShape: inputShape }),
    (_params, x) => f(x),
  );
}

/** max(x, 0). */
export const relu = (): Layer<NoParams, NoParams> => activation('relu', reluOf);
export const tanh = (): Layer<NoParams, NoParams> => activation('tanh', tanhOf);
/** 1/(1 + exp(-x)). */
export const sigmoid = (): Layer<NoParams, NoParams> => activation('sigmoid', sigmoidOf);
