/** Mean loss and accuracy over a whole set, in pieces of fixed size, with the sums kept on the device. */
import { add, jit, tree, zeros, type Tensor } from '../../engine/index.ts';
import { chunks, type Examples, type Params, type Problem, type Score } from './problem.ts';

/** Examples per recorded program: large enough to fill a device, small enough for its memory. */
const PIECE = 1000;

/** What was found over a set. */
export interface Evaluation {
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  /** Share of correct answers. */
  readonly accuracy: number;
}

export interface Evaluator {
  /** Reads two numbers back, whatever the size of the set. */
  evaluate(params: Params): Promise<Evaluation>;
  /** Gives the memory of the recorded programs back. */
  dispose(): void;
}

export function evaluator(problem: Problem, examples: Examples): Evaluator {
  const accumulate = jit(
    (total: Score, params: Params, tensors: typeof examples.tensors, indices: Tensor): Score =>
      tree.map(add, total, problem.score(examples, params, tensors, indices)),
    { donate: [0] },
  );
  const pieces = chunks(examples.count, PIECE);
  return {
    async evaluate(params) {
      let total: Score = { loss: zeros([]), correct: zeros([]) };
      for (const indices of pieces) total = accumulate(total, params, examples.tensors, indices);
      const [loss, correct] = [await total.loss.item(), await total.correct.item()];
      tree.leaves(total).forEach((leaf) => leaf.dispose());
      return { loss: loss / examples.count, accuracy: correct / examples.count };
    },
    dispose: () => accumulate.dispose(),
  };
}
