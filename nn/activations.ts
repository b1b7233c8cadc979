/** Elementwise nonlinearities as layers without parameters. */
import { relu as reluOf, sigmoid as sigmoidOf, tanh as tanhOf, type Tensor } from '../engine/index.ts';
import type { Layer } from './layer.ts';

/** No parameters. */
export type NoParams = { readonly [key: string]: never };

function activation(name: string, f: (x: Tensor) => Tensor): Layer<NoParams> {
  return {
    name,
    init: (_key, inputShape) => ({ params: {}, outputShape: inputShape }),
    apply: (_params, x) => f(x),
  };
}

/** max(x, 0). */
export const relu = (): Layer<NoParams> => activation('relu', reluOf);
export const tanh = (): Layer<NoParams> => activation('tanh', tanhOf);
/** 1/(1 + exp(-x)). */
export const sigmoid = (): Layer<NoParams> => activation('sigmoid', sigmoidOf);
