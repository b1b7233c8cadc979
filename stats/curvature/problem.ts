/**
 * What is measured, told once: the loss of every example as a function of parameters and a batch. Every mean in this folder
 * is over examples with weights 1/N, never a sum, never scaled by a batch size.
 *
 * The loss is (1/N) Σ_μ ℓ_μ. Where the examples of a ghost batch are normalised together they have no losses of their
 * own; the unit μ is then the ghost batch, and N counts ghost batches: `ghostBatches`.
 */
import {
  add,
  argmax,
  cast,
  crossEntropyPerExample,
  equal,
  log,
  mean,
  mul,
  neg,
  random,
  reshape,
  square,
  sub,
  sum,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import { show } from '../../engine/graph/shape.ts';

export interface Problem<P extends Tree, B extends Tree> {
  /** The loss of every example of a batch, [B]: its own, not divided by anything. A function of its arguments alone. */
  losses(params: P, batch: B): Tensor;
  /**
   * How normalisation by batches is treated, such as `frozen statistics`. It is recorded with every result, as part of the
   * operator's name.
   */
  readonly policy?: string;
}

/** A problem whose loss is a convex function of a model's outputs, which curvature is split along. */
export interface PredictiveProblem<P extends Tree, B extends Tree> extends Problem<P, B> {
  /** What the model says of every example, [B, ...]. */
  outputs(params: P, batch: B): Tensor;
  /** What it should have said, [B, ...]. */
  targets(batch: B): Tensor;
  /** [B]: minus the logarithm of the probability that outputs give to targets, up to a constant. */
  outputLosses(outputs: Tensor, targets: Tensor): Tensor;
  /** Targets drawn from the distribution that the outputs stand for. */
  sampleTargets(key: Tensor, outputs: Tensor): Tensor;
  /** [B], bool: whether the prediction is right. */
  correct?(outputs: Tensor, targets: Tensor): Tensor;
}

/** A model to be asked, and where the answers are. */
export interface Prediction<P extends Tree, B extends Tree> {
  outputs(params: P, batch: B): Tensor;
  targets(batch: B): Tensor;
  readonly policy?: string;
}

/**
 * Softmax cross-entropy, in nats, of logits [B, K] against class indices [B].
 *
 *     classification({
 *       outputs: (params, { images }) => model.apply(params, images, { state }),
 *       targets: ({ labels }) => labels,
 *       policy: 'frozen statistics',
 *     })
 */
export function classification<P extends Tree, B extends Tree>(
  prediction: Prediction<P, B>,
): PredictiveProblem<P, B> {
  return {
    ...prediction,
    losses: (params, batch) =>
      crossEntropyPerExample(prediction.outputs(params, batch), prediction.targets(batch)),
    outputLosses: crossEntropyPerExample,
    sampleTargets: sampleClasses,
    correct: (outputs, targets) => equal(argmax(outputs, -1), cast(targets, 'i32')),
  };
}

/** Half the squared distance of outputs [B, ...] from targets of the same shape: the targets are normal, of variance 1. */
export function regression<P extends Tree, B extends Tree>(
  prediction: Prediction<P, B>,
): PredictiveProblem<P, B> {
  const outputLosses = (outputs: Tensor, targets: Tensor): Tensor =>
    mul(sum(square(reshape(sub(outputs, targets), [outputs.shape[0] as number, -1])), 1), 0.5);
  return {
    ...prediction,
    losses: (params, batch) => outputLosses(prediction.outputs(params, batch), prediction.targets(batch)),
    outputLosses,
    sampleTargets: (key, outputs) => add(outputs, random.normal(key, outputs.shape)),
  };
}

/**
 * The same problem with ghost batches for units: `size` examples in a row are one unit, whose loss is their mean. Under
 * ghost batch normalisation these losses are independent of one another, and the examples' are not.
 */
export function ghostBatches<P extends Tree, B extends Tree>(
  problem: Problem<P, B>,
  size: number,
): Problem<P, B> {
  return {
    ...(problem.policy !== undefined && { policy: problem.policy }),
    losses(params, batch) {
      const losses = problem.losses(params, batch);
      if (losses.size % size !== 0)
        fail(
          'GHOST_BATCH',
          `ghostBatches: a batch of ${losses.size} examples is no whole number of ghost batches of ${size}: give microbatches that are.`,
        );
      return mean(reshape(losses, [losses.size / size, size]), 1);
    },
  };
}

/** The losses of a batch, which must be one number per example. */
export function checkedLosses<P extends Tree, B extends Tree>(
  problem: Problem<P, B>,
  params: P,
  batch: B,
): Tensor {
  const losses = problem.losses(params, batch);
  if (losses.rank !== 1 || losses.dtype !== 'f32')
    fail(
      'LOSS_PER_EXAMPLE',
      `The losses of a batch are ${losses.dtype}${show(losses.shape)}; curvature and noise are of single examples: return one f32 loss per example, of shape [B], and no mean.`,
    );
  return losses;
}

/** One class per row of logits [B, K]: the largest logit after Gumbel noise -ln(-ln u) is drawn with softmax's odds. */
function sampleClasses(key: Tensor, logits: Tensor): Tensor {
  // The middle of each of the generator's 2^24 steps, so that no logarithm is of 0.
  const u = add(random.uniform(key, logits.shape), 2 ** -25);
  return argmax(sub(logits, log(neg(log(u)))), -1);
}
