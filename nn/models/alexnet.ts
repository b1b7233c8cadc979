/** AlexNet (Krizhevsky et al. 2012) for images of 32x32, as the curvature study needs it. */
import { relu } from '../activations.ts';
import { conv2d } from '../conv2d.ts';
import { dense } from '../dense.ts';
import { dropout } from '../dropout.ts';
import { fanInUniform, type Initializer } from '../initializers.ts';
import type { Layer } from '../layer.ts';
import { flatten, maxPool } from '../pooling.ts';
import { sequential, type SequentialParams, type SequentialState } from '../sequential.ts';

export interface AlexnetOptions {
  /** Filters of the five convolutions. Default 64, 192, 384, 256, 256. */
  readonly filters?: readonly [number, number, number, number, number];
  /** Units of the two hidden dense layers. Default 4096 each. */
  readonly hidden?: readonly [number, number];
  /** Rate of the dropout in front of each hidden dense layer. Default 0.5. */
  readonly dropout?: number;
  readonly classes?: number;
  /** Of weights and biases. Default `fanInUniform`. */
  readonly weight?: Initializer;
}

/**
 * conv 64 at stride 2, M, conv 192, M, conv 384, conv 256, conv 256, M, dense 1024 -> 4096 -> 4096 -> 10; ReLU after all
 * but the last. 23,272,266 parameters on [32, 32, 3]. Training needs `context.key`.
 */
export function alexnet({
  filters: [first, second, third, fourth, fifth] = [64, 192, 384, 256, 256],
  hidden = [4096, 4096],
  dropout: rate = 0.5,
  classes = 10,
  weight = fanInUniform,
}: AlexnetOptions = {}): Layer<SequentialParams, SequentialState> {
  const both = { weight, bias: weight };
  const convolution = (filters: number, stride = 1): Layer[] => [
    conv2d(filters, { ...both, stride, padding: 1 }),
    relu(),
  ];
  return sequential(
    ...convolution(first, 2),
    maxPool(2),
    ...convolution(second),
    maxPool(2),
    ...convolution(third),
    ...convolution(fourth),
    ...convolution(fifth),
    maxPool(2),
    flatten(),
    ...hidden.flatMap((units) => [dropout({ rate }), dense(units, both), relu()]),
    dense(classes, both),
  );
}
