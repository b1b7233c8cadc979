/** Loss and accuracy of a data set at any parameters: what the pictures of a landscape are made of. */
import { cast, sum, tree, type Tree } from '../../engine/index.ts';
import { coordinates } from '../curvature/coordinates.ts';
import { finite } from '../curvature/operator.ts';
import type { PredictiveProblem, Problem } from '../curvature/problem.ts';
import { sweep, type Point } from '../curvature/sweep.ts';

/** Means over the examples. */
export interface Score {
  readonly loss: number;
  /** The share of examples whose prediction is right, where the problem knows what that is. */
  readonly accuracy?: number;
}

/** The score at parameters; any function will do, such as one that recomputes the statistics of batch normalisation first. */
export type Evaluate<P extends Tree> = (params: P) => Promise<Score>;

export interface Evaluation<P extends Tree> {
  readonly evaluate: Evaluate<P>;
  /** Gives the memory of its recordings back. */
  dispose(): void;
}

/** Evaluates a problem over its data, in microbatches. The point's own parameters say the shapes, no more. */
export function evaluation<P extends Tree, B extends Tree>(
  point: Point<P, B, Problem<P, B> & Partial<PredictiveProblem<P, B>>>,
): Evaluation<P> {
  const { outputs, targets, correct } = point.problem;
  const all = coordinates(point.params);
  const scored = outputs && targets && correct ? { outputs, targets, correct } : undefined;
  const pass = sweep(
    { problem: point.problem, params: point.params, data: point.data },
    all,
    scored ? [[], []] : [[]],
    ({ at, join, losses, batch }) => {
      const loss = sum(losses(at));
      if (!scored) return [loss];
      const hits = scored.correct(scored.outputs(join(at), batch), scored.targets(batch));
      return [loss, sum(cast(hits, 'f32'))];
    },
  );
  return {
    async evaluate(params) {
      const [loss, hits] = await pass.mean([], tree.leaves(params));
      const score = { loss: (await loss?.item()) ?? Number.NaN };
      const result = hits ? { ...score, accuracy: await hits.item() } : score;
      loss?.dispose();
      hits?.dispose();
      return result;
    },
    dispose: () => pass.dispose(),
  };
}

/** A score that is a number; where numbers end, an error that says where, or NaN if that is wanted. */
export function checkedScore(score: Score, where: string, keep: boolean): Score {
  if (!keep) finite(score.loss, `The loss ${where}`);
  return score;
}
