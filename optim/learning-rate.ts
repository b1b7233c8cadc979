/**
 * The learning rate, last link of every optimizer: updates become -rate · updates. The rate is one of
 * - a number: a constant of the recorded step;
 * - a schedule: a function of the step counter in the state;
 * - `adjustable(number)`: a tensor in the state, which the host may replace between steps (`withLearningRate`)
 *   without anything being recorded anew. What a training loss decides, such as halving, goes this way.
 */
import { add, LangevinError, mul, Tensor, tensor, tree, zeros, type Tree } from '../engine/index.ts';
import { requireNotNegative } from './check.ts';
import { stateless, type GradientTransformation } from './transformation.ts';
import type { Schedule } from './schedules.ts';

/** A rate that lives in the optimizer's state. */
export interface Adjustable {
  readonly initial: number;
}

export type LearningRate = number | Schedule | Adjustable;

/** A rate that can be changed between steps. */
export function adjustable(initial: number): Adjustable {
  return { initial };
}

/** Multiplies by minus the learning rate. @throws OPTIMIZER for a number that is negative, infinite or none */
export function scaleByLearningRate(rate: LearningRate): GradientTransformation {
  if (typeof rate === 'number') {
    requireNotNegative('scaleByLearningRate', { learningRate: rate });
    return stateless((updates) => scale(updates, -rate));
  }
  if (typeof rate === 'function') return scaleBySchedule((step) => mul(rate(step), -1));
  return {
    init: () => ({ learningRate: tensor(rate.initial) }),
    update(updates, state) {
      const { learningRate } = state as { readonly learningRate: Tensor };
      return [scale(updates, mul(learningRate, -1)), state];
    },
  };
}

/** Multiplies by a function of the number of updates made so far. */
export function scaleBySchedule(schedule: Schedule): GradientTransformation<{ readonly step: Tensor }> {
  return {
    init: () => ({ step: zeros([], 'i32') }),
    update: (updates, { step }) => [scale(updates, schedule(step)), { step: add(step, 1) }],
  };
}

function scale<P extends Tree>(updates: P, factor: Tensor | number): P {
  return tree.map((update) => mul(update, factor), updates);
}

/**
 * An optimizer state with its adjustable learning rate replaced.
 * @param rate a number, or a tensor to put in its place: one rate per replica where states are stacked
 * @throws OPTIMIZER if no link of the optimizer was made with `adjustable`
 */
export function withLearningRate<S extends Tree>(state: S, rate: number | Tensor): S {
  let found = false;
  const paths = tree.paths(state);
  const next = tree.unflatten(
    state,
    paths.map(({ path, leaf }) => {
      if (!/(^|\/)learningRate$/.test(path)) return leaf;
      found = true;
      return typeof rate === 'number' ? tensor(rate) : rate;
    }),
  );
  if (!found)
    throw new LangevinError(
      'OPTIMIZER',
      'withLearningRate: this state holds no learning rate: make the optimizer with { learningRate: adjustable(…) }.',
    );
  return next;
}
