/**
 * SGD from a minimum, many runs at once along a leading axis, until the loss over all points is above a level. Minibatches are drawn on the
 * device with replacement, from a key that is folded from the step.
 */
import {
  add,
  cast,
  floor,
  grad,
  greater,
  jit,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  min,
  mul,
  random,
  sub,
  tensor,
  vmap,
  where,
  type Tensor,
} from '../../../engine/index.ts';
import type { StopSignal } from '../../types.ts';
import type { Points, Problem } from './problem.ts';

type State = {
  /** [runs, P]. */
  readonly params: Tensor;
  /** Steps made, i32. */
  readonly step: Tensor;
  /** The step after which each run was outside for the first time, i32 [runs]; 0 while it is inside. */
  readonly escaped: Tensor;
};

/** Steps between looks at how many runs are left. */
const LOOK_EVERY = 16;

/** SGD with minibatches of one size; programs are recorded once and serve every call. */
export interface EscapeWalk {
  /** The number of steps each run took to escape; Infinity after `maxSteps`. Undefined if the signal came. */
  run(start: Tensor, level: number, key: Tensor, signal: StopSignal): Promise<readonly number[] | undefined>;
  dispose(): void;
}

export function escapeWalk(
  problem: Problem,
  settings: {
    readonly batchSize: number;
    readonly learningRate: number;
    readonly runs: number;
    readonly maxSteps: number;
  },
): EscapeWalk {
  const { batchSize, learningRate, runs, maxSteps } = settings;
  const advance = jit(
    ({ params, step, escaped }: State, points: Points, key: Tensor, level: Tensor): State => {
      const uniform = random.uniform(random.foldIn(key, step), [runs, batchSize]);
      const indices = cast(floor(mul(uniform, problem.count)), 'i32');
      const slopes = vmap(
        grad((p: Tensor, own: Tensor) => problem.loss(p, points, own)),
        { in: [0, 0] },
      )(params, indices);
      const next = sub(params, mul(slopes, learningRate));
      const losses = vmap((p: Tensor) => problem.loss(p, points))(next);
      // A loss that is not a number is outside too.
      const leaves = logicalAnd(less(escaped, 1), logicalNot(lessEqual(losses, level)));
      const made = add(step, 1);
      return { params: next, step: made, escaped: where(leaves, made, escaped) };
    },
    { donate: [0] },
  );
  return {
    async run(start, level, key, signal) {
      const threshold = tensor(level);
      let state: State = {
        params: start.reshape([1, problem.parameters]).broadcastTo([runs, problem.parameters]),
        step: tensor(Int32Array.of(0), []),
        escaped: tensor(new Int32Array(runs), [runs]),
      };
      for (let made = 0; made < maxSteps; made++) {
        state = advance(state, problem.points, key, threshold);
        if ((made + 1) % LOOK_EVERY !== 0) continue;
        if (await cast(greater(min(state.escaped), 0), 'f32').item()) break;
        if (signal.aborted) return undefined;
      }
      const steps = Array.from(await state.escaped.data(), (step) =>
        step > 0 && step <= maxSteps ? step : Infinity,
      );
      Object.values(state).forEach((each) => each.dispose());
      return steps;
    },
    dispose: () => advance.dispose(),
  };
}
