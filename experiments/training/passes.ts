/**
 * How many examples go through a network at a time. Where a batch does not fit, a step takes several passes: settled when a
 * training is described, not when it runs, so that its numbers do not depend on the memory of a machine.
 */
import { exampleCost, type ExampleCost } from './cost.ts';
import { imagesOf } from './images.ts';
import { groupOf, smallestCut } from './network.ts';
import { largestOf } from './schedule.ts';
import type { TrainingCell } from './settings.ts';

/** MiB that the activations of one pass may take, by an estimate. */
const MEMORY = 1024;

/** Storage bindings are at most so large on every device. */
const LARGEST_BINDING = 128 * 2 ** 20;

/** Examples of one evaluation, unless they do not fit. */
const EVALUATED = 1000;

export interface PassSizes {
  /** In a pass of training four numbers are held for everything that leaves a layer: itself, normalised, after ReLU, and a cotangent. */
  readonly microbatch: number;
  /** In an evaluation, four for the widest layer. */
  readonly piece: number;
}

/**
 * The most examples that fit. Whole ghost groups, and never less than one.
 * @param group examples that are normalised together
 * @param memory in MiB
 */
export function passSizes(
  { activations, widest }: ExampleCost,
  group: number = 1,
  memory: number = MEMORY,
): PassSizes {
  const fitting = (numbers: number): number => {
    const count = Math.min((memory * 2 ** 20) / (16 * numbers), LARGEST_BINDING / (4 * widest));
    return Math.max(1, Math.floor(count / group)) * group;
  };
  return {
    microbatch: fitting(activations),
    piece: Math.min(fitting(widest), Math.ceil(EVALUATED / group) * group),
  };
}

/**
 * The training in passes that fit; unchanged if it fits as it is. A batch stays whole where it is normalised as a whole, and
 * where the optimizer looks at its loss.
 */
export function inPasses(cell: TrainingCell): TrainingCell {
  const { dataset, training } = cell;
  const { network, images, optimizer, batchSize } = training;
  const { shape, classes } = imagesOf(dataset, images);
  const { microbatch, piece } = passSizes(exampleCost(network, shape, classes), smallestCut(network));
  const whole =
    groupOf(network) === 'batch' || optimizer.name === 'cblr' || largestOf(batchSize) <= microbatch;
  return {
    ...cell,
    training: { ...(whole ? {} : { microbatch }), ...(piece < EVALUATED && { piece }), ...training },
  };
}
