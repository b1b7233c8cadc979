/** What convolutional models are put together from. */
import { batchNorm, ghostBatchNorm } from '../batch-norm.ts';
import { conv2d, type Conv2dOptions } from '../conv2d.ts';
import { relu } from '../activations.ts';
import type { Layer } from '../layer.ts';
import { maxPool } from '../pooling.ts';

/** The examples that are normalised together: so many, in groups of the minibatch, or the whole minibatch. */
export type GroupSize = number | 'batch';

/** Filters of convolutions, and `M` for a max pooling by 2, first to last: the notation of the VGG paper's table. */
export type Plan = readonly (number | 'M')[];

export function normalization(groupSize: GroupSize): Layer {
  return groupSize === 'batch' ? batchNorm() : ghostBatchNorm({ groupSize });
}

/** Convolution 3x3, normalisation, ReLU. */
export function normalizedConvolution(
  filters: number,
  groupSize: GroupSize,
  options: Conv2dOptions,
): Layer[] {
  return [conv2d(filters, options), normalization(groupSize), relu()];
}

/** The layers of a plan, every convolution made by `block`. */
export function convolutions(plan: Plan, block: (filters: number) => readonly Layer[]): Layer[] {
  return plan.flatMap((entry) => (entry === 'M' ? [maxPool(2)] : block(entry)));
}
