/** Operands of kernels that are timed by themselves. */
import { tensor, type Shape, type Tensor } from '../engine/index.ts';
import { fill, hash, symmetric } from './hash.ts';

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Numbers in [-1, 1), for every layer others. */
export function noise(shape: Shape, layer: number): Tensor {
  return tensor(fill(sizeOf(shape), layer << 24, symmetric), shape);
}

/** Natural numbers below `extent`. */
export function indices(shape: Shape, layer: number, extent: number): Tensor {
  const seed = layer << 24;
  return tensor(
    Int32Array.from({ length: sizeOf(shape) }, (_, i) => Math.floor(extent * hash(i + seed))),
    shape,
  );
}
