/**
 * The convolutional networks of the noise-enhancement study. All convolutions are 3x3 with stride 1 and `same` padding;
 * each is followed by ghost batch normalisation over groups of 100 examples and by ReLU. `M` is a max pooling by 2.
 */
import { relu } from '../activations.ts';
import { dense } from '../dense.ts';
import { glorotUniform, type Initializer } from '../initializers.ts';
import type { Layer } from '../layer.ts';
import { flatten } from '../pooling.ts';
import { sequential, type SequentialParams, type SequentialState } from '../sequential.ts';
import { convolutions, normalizedConvolution, type GroupSize, type Plan } from './blocks.ts';

const C1 = [64, 64, 64, 'M', 128, 128, 128, 'M', 256, 256, 256, 'M'] as const;
const C2 = [...C1, 512, 512, 'M'] as const;

export interface ConvNetOptions {
  /** The convolutions, as in {@link Plan}. Default as published. */
  readonly plan?: Plan;
  /** Units of dense layers with ReLU before the last. Default as published. */
  readonly hidden?: readonly number[];
  /** Examples per ghost group. Default 100, as published. */
  readonly groupSize?: GroupSize;
  readonly classes?: number;
  /** Default `glorotUniform`. Biases start at 0. */
  readonly weight?: Initializer;
}

function convNet({
  plan,
  hidden,
  groupSize = 100,
  classes,
  weight = glorotUniform,
}: ConvNetOptions & {
  readonly plan: Plan;
  readonly hidden: readonly number[];
  readonly classes: number;
}): Layer<SequentialParams, SequentialState> {
  return sequential(
    ...convolutions(plan, (filters) => normalizedConvolution(filters, groupSize, { weight })),
    flatten(),
    ...hidden.flatMap((units) => [dense(units, { weight }), relu()]),
    dense(classes, { weight }),
  );
}

/**
 * C1, for CIFAR-10: 3 x conv 64, M, 3 x conv 128, M, 3 x conv 256, M, dense 4096 -> 10;
 * 1,963,658 parameters on [32, 32, 3].
 */
export function c1(options: ConvNetOptions = {}): Layer<SequentialParams, SequentialState> {
  return convNet({ plan: C1, hidden: [], classes: 10, ...options });
}

/** C1 with one narrow convolution per stage: 16, M, 32, M, 64, M, dense 1024 -> 10; 34,058 parameters on [32, 32, 3]. */
export function c1Mini(options: ConvNetOptions = {}): Layer<SequentialParams, SequentialState> {
  return c1({ plan: [16, 'M', 32, 'M', 64, 'M'], ...options });
}

/**
 * C1 for images of half the side: 16, M, 32, M, 32, M, dense 128 -> 10, in ghost groups of 25; 15,786 parameters on
 * [16, 16, 3].
 */
export function c1Nano(options: ConvNetOptions = {}): Layer<SequentialParams, SequentialState> {
  return c1({ plan: [16, 'M', 32, 'M', 32, 'M'], groupSize: 25, ...options });
}

/**
 * C2, for CIFAR-100: C1's convolutions, 2 x conv 512, M, dense 2048 -> 1024, ReLU, dense -> 100; 7,665,380 parameters on
 * [32, 32, 3]. The paper prints 10 outputs, which cannot be meant for 100 classes.
 */
export function c2(options: ConvNetOptions = {}): Layer<SequentialParams, SequentialState> {
  return convNet({ plan: C2, hidden: [1024], classes: 100, ...options });
}
