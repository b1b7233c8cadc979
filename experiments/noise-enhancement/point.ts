/** The point in parameter space at which noise is measured, and what every measurement there shares. */
import { add, jit, mul, tensor, tree, zerosLike, type Tensor } from '../../engine/index.ts';
import type { Sampler } from '../../data/index.ts';
import type { ResidentTensors } from '../../data/resident.ts';
import { plainGradient } from '../../optim/index.ts';
import type { Estimate } from '../../stats/index.ts';
import type { RunContext } from '../types.ts';
import type { Measurement, Sweep } from './config.ts';
import { chunks, type Params, type Problem } from '../training/problem.ts';
import { initialState } from '../training/step.ts';
import { optimizerOf, trainingStep } from './training/step.ts';

/** Examples per pushforward or gradient of the whole set. */
export const PIECE = 500;

export interface Point {
  readonly settings: Measurement;
  readonly problem: Problem;
  readonly params: Params;
  /** G: the mean gradient over all N examples. */
  readonly center: Params;
  /** N. */
  readonly count: number;
  /** The sampler of the measured batches on a stream of its own. */
  readonly samplerOf: (stream: number) => Sampler;
  readonly context: Pick<RunContext, 'seed' | 'signal' | 'progress'>;
}

/** A mean over so many draws. */
export type Drawn = Estimate & { readonly draws: number };

/** The parameters after plain training. */
export async function trainTo(
  { trainingSteps }: Measurement,
  sweep: Sweep,
  problem: Problem,
  batches: Sampler,
  { signal, progress }: Point['context'],
): Promise<Params> {
  const optimizer = optimizerOf(sweep);
  const step = trainingStep(problem, sweep, 1, optimizer);
  let state = initialState(problem.initialize(0), optimizer);
  for (let t = 0; t < trainingSteps && !signal.aborted; t++) {
    const [next, failedAt] = step(state, problem.train.tensors, tensor(batches.indices(t)));
    state = next;
    failedAt.dispose();
    if (t % 8 === 7) await state.step.item();
    progress({ done: t + 1, total: trainingSteps, unit: 'steps', note: 'training up to the measured point' });
  }
  const { params, ...rest } = state;
  tree.leaves(rest).forEach((leaf) => leaf.dispose());
  step.dispose();
  return params;
}

/** G: the mean gradient over the first `count` examples, summed piece by piece on the device. */
export function fullGradient(problem: Problem, params: Params, count: number): Params {
  const accumulate = jit(
    (total: Params, at: Params, tensors: ResidentTensors, indices: Tensor): Params => {
      const [, gradient] = plainGradient.gradient(problem.weightedLoss(tensors))(at, indices);
      return tree.map((a, b) => add(a, mul(b, (indices.shape[0] as number) / count)), total, gradient);
    },
    { donate: [0] },
  );
  let total: Params = tree.map(zerosLike, params);
  for (const indices of chunks(count, PIECE))
    total = accumulate(total, params, problem.train.tensors, indices);
  accumulate.dispose();
  return total;
}
