/**
 * The statistics that batch normalisation is evaluated with: recomputed for the parameters as they are, as the plain
 * average over one pass through the training set, or its first part, in evaluation pieces whose ghost groups are those
 * of training. The study leaves open what it evaluated with (papers.md, 1.2).
 *
 * It is the average of `recomputeStatistics` of nn: with a rate of 1/k in the k-th piece, running statistics are the
 * plain mean of all. A sweep makes it hundreds of times, so here its program can be disposed.
 */
import { div, jit, tensor, tree, zerosLike, type Tensor } from '../../../engine/index.ts';
import type { ResidentTensors } from '../../../data/resident.ts';
import { chunks, type Params, type Problem, type State } from './problem.ts';
import type { ProblemSettings } from './settings.ts';

/** Examples per recorded program where the settings do not say. */
export const PIECE = 1000;

export interface Statistics {
  /** At these parameters; none without batch normalisation, at no cost. */
  at(params: Params): State;
  /** Gives the memory of the recorded program back. */
  dispose(): void;
}

/** All pieces are of one size and weigh the same, so what is left over after the last whole piece is not seen. */
export function statisticsOf(
  problem: Problem,
  { statisticsExamples = 0, piece = PIECE }: Pick<ProblemSettings, 'statisticsExamples' | 'piece'>,
): Statistics {
  const empty = problem.emptyStatistics();
  if (tree.leaves(empty).length === 0) return { at: () => ({}), dispose: () => undefined };
  const { tensors, count } = problem.train;
  const seen = statisticsExamples === 0 ? count : Math.min(statisticsExamples, count);
  const size = Math.min(piece, seen);
  const pieces = chunks(seen - (seen % size), size);
  const include = jit(
    (average: State, params: Params, images: ResidentTensors, indices: Tensor, number: Tensor): State => {
      const context = { training: true, momentum: div(1, number) };
      return problem.observe(params, average, images, indices, context);
    },
    { donate: [0] },
  );
  return {
    at: (params) =>
      pieces.reduce<State>(
        (average, indices, k) => {
          const number = tensor(k + 1);
          const next = include(average, params, tensors, indices, number);
          number.dispose();
          return next;
        },
        tree.map(zerosLike, empty),
      ),
    dispose() {
      include.dispose();
      pieces.forEach((indices) => indices.dispose());
    },
  };
}
