/** What is minimised, and its gradient over a minibatch. */
import { add, full, grad, mul, square, sum, tree, valueAndGrad, type Tensor } from '../../engine/index.ts';
import type { ResidentTensors } from '../../data/resident.ts';
import { highestLossWeights } from '../../optim/index.ts';
import type { Objective } from './measurement.ts';
import type { Params, Problem } from './problem.ts';
import type { LossSpec } from './settings.ts';

/**
 * Σ_i weights_i · (loss_i/lossDivisor + ½ l2 |w|²): linear in the weights, so that passes add up to the whole; the
 * L2 term counts once where the weights add up to 1.
 */
export function objectiveOf(problem: Problem, { lossDivisor = 1, l2 = 0 }: LossSpec = {}): Objective {
  return (tensors, batches, key) => {
    const loss = problem.weightedLoss(tensors, batches, key);
    return (params, indices, weights) => {
      const plain = loss(params, indices, weights);
      const value = lossDivisor === 1 ? plain : mul(plain, 1 / lossDivisor);
      return l2 === 0 ? value : add(value, mul(mul(squaredNorm(params), l2 / 2), sum(weights)));
    };
  };
}

function squaredNorm(params: Params): Tensor {
  return tree
    .leaves(params)
    .map((leaf) => sum(square(leaf)))
    .reduce(add);
}

/**
 * The losses [B] of the examples at `indices`, in a pass of training. The loss is linear in its weights, so they are its gradient by these.
 */
export function lossesOf(
  problem: Problem,
): (params: Params, tensors: ResidentTensors, indices: Tensor, key?: Tensor) => Tensor {
  return (params, tensors, indices, key) => {
    const loss = problem.weightedLoss(tensors, 1, key);
    return grad((weights: Tensor) => loss(params, indices, weights))(full(indices.shape, 1));
  };
}

/** Of one minibatch, as a function of the parameters: what curvature is taken of as well. */
export interface MinibatchLoss {
  readonly loss: (params: Params) => Tensor;
  /** The loss and its gradient at the parameters. */
  readonly value: Tensor;
  readonly gradient: Params;
}

/**
 * The mean over a minibatch, or over the examples of it that are left when the share `discard` with the smallest
 * losses is not looked at.
 */
export function minibatchLoss(
  problem: Problem,
  spec: LossSpec | undefined,
  discard: number,
): (params: Params, tensors: ResidentTensors, indices: Tensor, key?: Tensor) => MinibatchLoss {
  const objective = objectiveOf(problem, spec);
  const losses = lossesOf(problem);
  return (params, tensors, indices, key) => {
    const count = indices.shape[0] as number;
    const weights =
      discard === 0
        ? full([count], 1 / count)
        : highestLossWeights(losses(params, tensors, indices, key), discard);
    const loss = (p: Params): Tensor => objective(tensors, 1, key)(p, indices, weights);
    const [value, gradient] = valueAndGrad(loss)(params);
    return { loss, value, gradient };
  };
}
