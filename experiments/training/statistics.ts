/**
 * The statistics that batch normalisation is evaluated with: recomputed for the parameters as they are, as the plain
 * average over one pass through the training set, or its first part, in evaluation pieces whose ghost groups are those
 * of training. The study leaves open what it evaluated with (papers.md, 1.2).
 */
import { tree, type Tensor } from '../../engine/index.ts';
import type { ResidentTensors } from '../../data/resident.ts';
import { recomputeStatistics } from '../../nn/index.ts';
import { chunks, type Params, type Problem, type State } from './problem.ts';

/** How evaluations are made. */
export interface EvaluationSettings {
  /** The training loss is a mean over the first so many training examples; 0, the default, takes all. */
  readonly lossExamples?: number;
  /** The statistics of an evaluation are recomputed from the first so many; 0, the default, takes all. */
  readonly statisticsExamples?: number;
  /** Examples per recorded program: large enough to fill a device, small enough for its memory. Default 1000. */
  readonly piece?: number;
}

/** Examples per recorded program where the settings do not say. */
export const PIECE = 1000;

export interface Statistics {
  /** Whether there is batch normalisation. */
  readonly needed: boolean;
  /** At these parameters; none without batch normalisation, at no cost. */
  at(params: Params): State;
  /** Gives the memory of the recorded program back. */
  dispose(): void;
}

/** All pieces are of one size and weigh the same, so what is left over after the last whole piece is not seen. */
export function statisticsOf(
  problem: Problem,
  { statisticsExamples = 0, piece = PIECE }: EvaluationSettings,
): Statistics {
  const empty = problem.emptyStatistics();
  if (tree.leaves(empty).length === 0) return { needed: false, at: () => ({}), dispose: () => undefined };
  const { tensors, count } = problem.train;
  const seen = statisticsExamples === 0 ? count : Math.min(statisticsExamples, count);
  const size = Math.min(piece, seen);
  const pieces = chunks(seen - (seen % size), size);
  type Piece = { readonly images: ResidentTensors; readonly indices: Tensor };
  const recompute = recomputeStatistics((params: Params, state: State, { images, indices }: Piece, context) =>
    problem.observe(params, state, images, indices, context),
  );
  const batches = pieces.map((indices): Piece => ({ images: tensors, indices }));
  return {
    needed: true,
    at: (params) => recompute(params, empty, batches),
    dispose() {
      recompute.dispose();
      pieces.forEach((indices) => indices.dispose());
    },
  };
}
