/** Gradient descent over all points, to the minimum that is escaped from. */
import { grad, jit, mul, sub, sum, type Tensor } from '../../../engine/index.ts';
import type { StopSignal } from '../../types.ts';
import type { Problem } from './problem.ts';

/** Steps in one recorded program. */
const UNROLLED = 10;

export interface Minimum {
  /** [P]. */
  readonly params: Tensor;
  readonly loss: number;
  /** The loss where the descent began. */
  readonly startLoss: number;
  /** |∇L|. */
  readonly gradient: number;
}

/** At least `steps` steps of length `rate`, rounded up to whole programs; undefined if the signal came. */
export async function descend(
  problem: Problem,
  steps: number,
  rate: number,
  signal: StopSignal,
  progress: (step: number) => void,
): Promise<Minimum | undefined> {
  const { points, loss } = problem;
  const advance = jit(
    (params: Tensor, all: typeof points): Tensor => {
      let next = params;
      for (let k = 0; k < UNROLLED; k++) next = sub(next, mul(grad((p: Tensor) => loss(p, all))(next), rate));
      return next;
    },
    { donate: [0] },
  );
  const startLoss = await loss(problem.start, points).item();
  let params = problem.start;
  for (let done = 0; done < steps; done += UNROLLED) {
    params = advance(params, points);
    if (done % 500 === 0) {
      progress(done);
      // Waits for the device, so that a stop is heard.
      await sum(params).item();
      if (signal.aborted) return undefined;
    }
  }
  advance.dispose();
  const slope = grad((p: Tensor) => loss(p, points))(params);
  return {
    params,
    loss: await loss(params, points).item(),
    startLoss,
    gradient: Math.sqrt(await sum(slope.square()).item()),
  };
}
