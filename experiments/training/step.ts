/**
 * One training step as a recorded program. Its state, parameters and optimizer and counters, is one tree that the
 * program updates in place; a call sends nothing but the indices of its examples.
 *
 * The step is transactional. If the loss is not finite, the step leaves parameters and optimizer as they were and
 * notes its number; and so does every later step, since a run that failed once is over. So the host need not look
 * at every loss: whenever it looks, the parameters are those from which the first bad step started. What it looks at
 * is a tensor beside the state, so that reading it does not wait for the steps that take the state over.
 */
import {
  add,
  cast,
  isFinite,
  less,
  logicalAnd,
  logicalNot,
  tensor,
  tree,
  where,
  zeros,
  type Jitted,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';
import type { ResidentTensors } from '../../data/resident.ts';
import { applyUpdates, type GradientTransformation } from '../../optim/index.ts';
import type { Params } from './problem.ts';

export type TrainingState = {
  readonly params: Params;
  readonly optimizer: Tree;
  /** Steps made, i32. */
  readonly step: Tensor;
  /** The first step whose loss was not finite, i32; -1 if there was none. */
  readonly failedAt: Tensor;
  /** Σ of the losses of the minibatches, f32, since the host last set it to 0. */
  readonly lossSum: Tensor;
};

/** The next state, and its `failedAt` as f32 in memory of its own. */
export type Advanced = [state: TrainingState, failedAt: Tensor];

/** Takes the state, which it uses up, the training set, and what the step is made of: indices of examples, and what else it needs. */
export type TrainingStep = Jitted<[TrainingState, ResidentTensors, ...Tensor[]], Advanced>;

export function initialState(params: Params, optimizer: Pick<GradientTransformation, 'init'>): TrainingState {
  return {
    params,
    optimizer: optimizer.init(params),
    step: zeros([], 'i32'),
    failedAt: tensor(Int32Array.of(-1), []),
    lossSum: zeros([]),
  };
}

/** The state after a step with this loss and gradient, if the loss is finite. */
export function advance(
  state: TrainingState,
  loss: Tensor,
  gradient: Params,
  optimizer: GradientTransformation,
): Advanced {
  const [updates, next] = optimizer.update(gradient, state.optimizer, state.params);
  const healthy = less(state.failedAt, 0);
  const accepted = logicalAnd(isFinite(loss), healthy);
  const accept = <T extends Tree>(after: T, before: T): T =>
    tree.map((a, b) => where(accepted, a, b), after, before);
  const failedAt = where(logicalAnd(healthy, logicalNot(isFinite(loss))), state.step, state.failedAt);
  return [
    {
      params: accept(applyUpdates(state.params, updates), state.params),
      optimizer: accept(next, state.optimizer),
      step: add(state.step, cast(accepted, 'i32')),
      failedAt,
      lossSum: where(accepted, add(state.lossSum, loss), state.lossSum),
    },
    cast(failedAt, 'f32'),
  ];
}
