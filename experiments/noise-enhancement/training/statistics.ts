/**
 * The statistics that batch normalisation is evaluated with: recomputed for the parameters as they are, as the plain
 * average over one pass through the training set, or its first part, in evaluation pieces whose ghost groups are those
 * of training. The study leaves open what it evaluated with (papers.md, 1.2).
 */
import { recomputeStatistics } from '../../../nn/index.ts';
import { tree, type Tensor } from '../../../engine/index.ts';
import type { ResidentTensors } from '../../../data/resident.ts';
import { chunks, type Params, type Problem, type State } from './problem.ts';
import type { ProblemSettings } from './settings.ts';

/** Examples per recorded program where the settings do not say. */
export const PIECE = 1000;

type Pass = { readonly tensors: ResidentTensors; readonly indices: Tensor };

/**
 * A function from parameters to the statistics; without batch normalisation it returns none and costs nothing. All
 * pieces are of one size and weigh the same, so what is left over after the last whole piece is not seen.
 */
export function statisticsOf(
  problem: Problem,
  { statisticsExamples = 0, piece = PIECE }: Pick<ProblemSettings, 'statisticsExamples' | 'piece'>,
): (params: Params) => State {
  const empty = problem.emptyStatistics();
  if (tree.leaves(empty).length === 0) return () => ({});
  const { tensors, count } = problem.train;
  const seen = statisticsExamples === 0 ? count : Math.min(statisticsExamples, count);
  const size = Math.min(piece, seen);
  const passes: Pass[] = chunks(seen - (seen % size), size).map((indices) => ({ tensors, indices }));
  const recompute = recomputeStatistics((params: Params, state: State, pass: Pass, context) =>
    problem.observe(params, state, pass.tensors, pass.indices, context),
  );
  return (params) => recompute(params, empty, passes);
}
