/** Pooling and flattening as layers without parameters. */
import {
  averagePool2d,
  globalAveragePool as globalMean,
  maxPool2d,
  reshape,
  zeros,
  type Tensor,
  type WindowOptions,
} from '../engine/index.ts';
import { stateless, type Layer, type NoParams } from './layer.ts';

/** `stride` (default: the size, windows side by side) and `padding` (default `valid`) are those of the operation. */
export type PoolOptions = WindowOptions;

type Size = number | readonly [number, number];

/** A layer that only reshapes or pools. Its output shape is that of `f` on a tensor that is never computed. */
function pooling(name: string, f: (x: Tensor) => Tensor): Layer<NoParams, NoParams> {
  return stateless(
    name,
    (_key, inputShape) => ({ params: {}, outputShape: f(zeros([1, ...inputShape])).shape.slice(1) }),
    (_params, x) => f(x),
  );
}

/** The greatest of every window of `size` pixels: [B, H, W, C] to [B, H', W', C]. The paper's MaxPool(2) is `maxPool(2)`. */
export function maxPool(size: Size = 2, options: PoolOptions = {}): Layer<NoParams, NoParams> {
  return pooling('maxPool', (x) => maxPool2d(x, { size, ...options }));
}

/** The mean of every window of `size` pixels: [B, H, W, C] to [B, H', W', C]. */
export function averagePool(size: Size = 2, options: PoolOptions = {}): Layer<NoParams, NoParams> {
  return pooling('averagePool', (x) => averagePool2d(x, { size, ...options }));
}

/** The mean of every channel over all pixels: [B, H, W, C] to [B, C]. */
export const globalAveragePool = (): Layer<NoParams, NoParams> => pooling('globalAveragePool', globalMean);

/** Every example as one vector, in row-major order: [B, ...] to [B, size]. */
export const flatten = (): Layer<NoParams, NoParams> =>
  pooling('flatten', (x) => reshape(x, [x.shape[0] as number, -1]));
