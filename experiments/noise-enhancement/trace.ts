/**
 * The trace of the covariance of gradients, from whole minibatches: every draw is a gradient of the rule itself at the
 * point, and |d - G|² is accumulated on the device, so that three numbers are read back.
 */
import { flatten, jit, slice, stack, tensor, tree, type Tensor } from '../../engine/index.ts';
import type { Sampler } from '../../data/index.ts';
import type { ResidentTensors } from '../../data/resident.ts';
import type { GradientRule } from '../../optim/index.ts';
import {
  emptyMoments,
  observe,
  readEstimates,
  squaredDistance,
  type Estimate,
  type Moments,
} from '../../stats/index.ts';
import type { Drawn, Point } from './point.ts';
import type { Params } from './training/problem.ts';

/**
 * The trace of the covariance of a rule's gradient: the mean of |d - G|² over draws. Without `draws` it takes
 * `traceDraws`, and then as many more as the wanted error asks for.
 */
export async function measureTrace(
  { settings, problem, params, center, samplerOf, context }: Point,
  rule: GradientRule,
  stream: number,
  draws: number | undefined,
): Promise<Drawn> {
  const perCall = settings.drawsPerCall;
  const program = jit(
    (moments: Moments, at: Params, mean: Params, tensors: ResidentTensors, ...tables: Tensor[]): Moments => {
      const gradient = rule.gradient(problem.weightedLoss(tensors));
      const distances = Array.from({ length: perCall }, (_, draw) => {
        const [first, second] = tables.map((table) => flatten(slice(table, [draw], [draw + 1])));
        return squaredDistance(gradient(at, first as Tensor, second)[1], mean);
      });
      return observe(moments, stack(distances));
    },
    { donate: [0] },
  );
  const sources = Array.from({ length: rule.batches }, (_, k) => samplerOf(stream + k));
  let moments = emptyMoments();
  let done = 0;
  const drawUpTo = async (target: number): Promise<Estimate> => {
    while (done < target && !context.signal.aborted) {
      const tables = sources.map((source) => batchTable(source, done, perCall));
      moments = program(moments, params, center, problem.train.tensors, ...tables);
      tables.forEach((table) => table.dispose());
      done += perCall;
      if (done % (16 * perCall) === 0) await moments.count.item();
      context.progress({ done, total: target, unit: 'draws', note: 'noise of whole gradients' });
    }
    return (await readEstimates(moments))[0] as Estimate;
  };
  let estimate = await drawUpTo(draws ?? settings.traceDraws);
  if (draws === undefined) {
    const wanted = settings.maxRelativeError / Math.SQRT2;
    const shortfall = (estimate.standardError / estimate.value / wanted) ** 2;
    if (shortfall > 1) estimate = await drawUpTo(Math.ceil(settings.traceDraws * Math.min(8, shortfall)));
  }
  tree.leaves(moments).forEach((leaf) => leaf.dispose());
  program.dispose();
  return { ...estimate, draws: done };
}

/** [draws, B]: the batches of `draws` steps from `start`, a row each. */
function batchTable(source: Sampler, start: number, draws: number): Tensor {
  const table = new Int32Array(source.batchSize * draws);
  for (let draw = 0; draw < draws; draw++) table.set(source.indices(start + draw), draw * source.batchSize);
  return tensor(table, [draws, source.batchSize]);
}
