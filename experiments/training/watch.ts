/**
 * A step whose loss is not finite fails, but the last step of a training is followed by no loss that would tell what became of
 * its parameters; and a rectifier may hide a NaN from every loss. So whatever is evaluated, measured or kept is looked at as
 * well, and what is not finite there is a failure of the training, after as many steps as were made.
 */
import { LangevinError, tree } from '../../engine/index.ts';
import { TrainingFailure } from './failure.ts';
import type { Params } from './problem.ts';
import type { Seat } from './seat.ts';

/**
 * The same seat, which gives out nothing that is not finite: its `evaluate` and `borrow` reject with a TrainingFailure.
 * @param done steps made
 */
export function watched(seat: Seat, done: () => number): Seat {
  const refuse = (what: string): never => {
    throw new TrainingFailure(done(), `After ${done()} steps ${what}. Take a smaller learning rate.`);
  };
  return {
    ...seat,
    async evaluate(evaluators, wanted) {
      const found = await seat.evaluate(evaluators, wanted);
      for (const [set, one] of [['training', found.train] as const, ['test', found.test] as const])
        if (one && !Number.isFinite(one.loss)) refuse(`the ${set} loss is ${one.loss}`);
      return found;
    },
    async borrow() {
      const borrowed = await seat.borrow();
      const path = await nonFiniteParameter(borrowed.state.params);
      if (path === undefined) return borrowed;
      borrowed.release();
      return refuse(`the parameter '${path}' is not finite`);
    },
  };
}

async function nonFiniteParameter(params: Params): Promise<string | undefined> {
  const leaves = tree.paths(params);
  const values = await Promise.all(leaves.map(({ leaf }) => leaf.data()));
  return leaves.find((_, k) => !(values[k] as Float32Array).every(Number.isFinite))?.path;
}

/** What was thrown after so many steps: that a number is not finite is a failure of the training, and anything else is itself. */
export function failureAfter(done: number, error: unknown): unknown {
  if (!(error instanceof LangevinError) || error.code !== 'NON_FINITE' || error instanceof TrainingFailure)
    return error;
  return new TrainingFailure(done, `After ${done} steps: ${error.message}`);
}
