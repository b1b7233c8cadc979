/** VGG (Simonyan, Zisserman 2015) for images of 32x32, with batch normalisation. */
import { LangevinError } from '../../engine/index.ts';
import { relu } from '../activations.ts';
import { dense } from '../dense.ts';
import { heNormal, type Initializer } from '../initializers.ts';
import type { Layer } from '../layer.ts';
import { flatten } from '../pooling.ts';
import { sequential, type SequentialParams, type SequentialState } from '../sequential.ts';
import { convolutions, normalizedConvolution, type GroupSize, type Plan } from './blocks.ts';

/** Configurations A, B, D and E of the paper's table 1. */
const plans: Readonly<Record<11 | 13 | 16 | 19, Plan>> = {
  11: [64, 'M', 128, 'M', 256, 256, 'M', 512, 512, 'M', 512, 512, 'M'],
  13: [64, 64, 'M', 128, 128, 'M', 256, 256, 'M', 512, 512, 'M', 512, 512, 'M'],
  16: [64, 64, 'M', 128, 128, 'M', 256, 256, 256, 'M', 512, 512, 512, 'M', 512, 512, 512, 'M'],
  // prettier-ignore
  19: [64, 64, 'M', 128, 128, 'M', 256, 256, 256, 256, 'M', 512, 512, 512, 512, 'M', 512, 512, 512, 512, 'M'],
};

export interface VggOptions {
  /** Layers with weights, of which the paper counts three dense ones: 11, 13, 16 or 19. Default 11. */
  readonly depth?: 11 | 13 | 16 | 19;
  /** The convolutions, as in {@link Plan}, in place of those of `depth`. */
  readonly plan?: Plan;
  /** Units of dense layers with ReLU before the last: [512, 512] for the paper's three. Default none. */
  readonly hidden?: readonly number[];
  /** Default `batch`. */
  readonly groupSize?: GroupSize;
  readonly classes?: number;
  /** Default `heNormal`. Biases start at 0. */
  readonly weight?: Initializer;
}

/**
 * VGG for 32x32: 3x3 convolutions with normalisation and ReLU, pooled down to one pixel, and a dense head 512 -> 10.
 * VGG-11 has 9,231,114 parameters on [32, 32, 3].
 *
 * @throws LAYER for another depth
 */
export function vgg({
  depth = 11,
  plan = plans[depth],
  hidden = [],
  groupSize = 'batch',
  classes = 10,
  weight = heNormal,
}: VggOptions = {}): Layer<SequentialParams, SequentialState> {
  if (!plan)
    throw new LangevinError(
      'LAYER',
      `vgg: there is no depth ${String(depth)}: take ${Object.keys(plans).join(', ')}, or give a plan.`,
    );
  return sequential(
    ...convolutions(plan, (filters) => normalizedConvolution(filters, groupSize, { weight })),
    flatten(),
    ...hidden.flatMap((units) => [dense(units, { weight }), relu()]),
    dense(classes, { weight }),
  );
}
