/** K16, the small convolutional network of the curvature and heavy-tail studies. */
import { relu } from '../activations.ts';
import { conv2d } from '../conv2d.ts';
import { dense } from '../dense.ts';
import { fanInUniform, type Initializer } from '../initializers.ts';
import type { Layer } from '../layer.ts';
import { flatten } from '../pooling.ts';
import { sequential, type SequentialParams, type SequentialState } from '../sequential.ts';
import { convolutions, type Plan } from './blocks.ts';

export interface K16Options {
  /** The convolutions, as in {@link Plan}. Default 16, M, 32, M. */
  readonly plan?: Plan;
  /** Units of the hidden dense layer. Default 128. */
  readonly hidden?: number;
  readonly classes?: number;
  /** Of weights and biases. Default `fanInUniform`. */
  readonly weight?: Initializer;
}

/** conv 16, ReLU, M, conv 32, ReLU, M, dense 512 -> 128, ReLU, dense -> 10; 72,042 parameters on [16, 16, 3]. */
export function k16({
  plan = [16, 'M', 32, 'M'],
  hidden = 128,
  classes = 10,
  weight = fanInUniform,
}: K16Options = {}): Layer<SequentialParams, SequentialState> {
  const both = { weight, bias: weight };
  return sequential(
    ...convolutions(plan, (filters) => [conv2d(filters, both), relu()]),
    flatten(),
    dense(hidden, both),
    relu(),
    dense(classes, both),
  );
}
