/** Mean loss and accuracy over a whole set, in pieces of fixed size, with the sums kept on the device. */
import { add, jit, tree, vmap, zeros, type Tensor } from '../../engine/index.ts';
import { chunks, type Examples, type Params, type Problem, type Score, type State } from './problem.ts';
import { PIECE, statisticsOf, type EvaluationSettings, type Statistics } from './statistics.ts';

/** What was found over a set. */
export interface Evaluation {
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  /** Share of correct answers. */
  readonly accuracy: number;
}

/** Over one set. */
export interface Evaluator {
  /** Reads two numbers back, whatever the size of the set. */
  evaluate(params: Params, state?: State): Promise<Evaluation>;
  /** The same of `count` replicas at once, whose parameters and statistics are stacked along a first axis. */
  evaluateAll(count: number, params: Params, state?: State): Promise<Evaluation[]>;
  /** Gives the memory of the recorded programs back. */
  dispose(): void;
}

/** @param piece examples per recorded program */
export function evaluator(problem: Problem, examples: Examples, piece: number = PIECE): Evaluator {
  const accumulate = (
    total: Score,
    params: Params,
    state: State,
    tensors: typeof examples.tensors,
    indices: Tensor,
  ): Score => tree.map(add, total, problem.score(examples, params, tensors, indices, state));
  const one = jit(accumulate, { donate: [0] });
  const all = jit(
    (total: Score, params: Params, state: State, tensors: typeof examples.tensors, indices: Tensor) =>
      vmap(accumulate, { in: [0, 0, 0, null, null] })(total, params, state, tensors, indices),
    { donate: [0] },
  );
  const pieces = chunks(examples.count, piece);
  const over = async (
    start: Score,
    next: (total: Score, indices: Tensor) => Score,
  ): Promise<Evaluation[]> => {
    const total = pieces.reduce(next, start);
    const [losses, correct] = [await total.loss.data(), await total.correct.data()];
    tree.leaves(total).forEach((leaf) => leaf.dispose());
    return Array.from(losses, (loss, k) => ({
      loss: loss / examples.count,
      accuracy: (correct[k] as number) / examples.count,
    }));
  };
  return {
    async evaluate(params, state = {}) {
      const [evaluation] = await over({ loss: zeros([]), correct: zeros([]) }, (total, indices) =>
        one(total, params, state, examples.tensors, indices),
      );
      return evaluation as Evaluation;
    },
    evaluateAll: (count, params, state = {}) =>
      over({ loss: zeros([count]), correct: zeros([count]) }, (total, indices) =>
        all(total, params, state, examples.tensors, indices),
      ),
    dispose() {
      one.dispose();
      all.dispose();
      pieces.forEach((indices) => indices.dispose());
    },
  };
}

/** All that the trainings of one problem are measured with. */
export interface Evaluators {
  /** What batch normalisation is evaluated with at these parameters. */
  readonly statistics: Statistics;
  /** Over as many training examples as the loss is a mean over. */
  readonly train: Evaluator;
  readonly test: Evaluator;
  dispose(): void;
}

export function evaluatorsOf(problem: Problem, settings: EvaluationSettings): Evaluators {
  const { lossExamples = 0, piece } = settings;
  const { count } = problem.train;
  const seen = { ...problem.train, count: lossExamples === 0 ? count : Math.min(lossExamples, count) };
  const [train, test] = [evaluator(problem, seen, piece), evaluator(problem, problem.test, piece)];
  const statistics = statisticsOf(problem, settings);
  return {
    statistics,
    train,
    test,
    dispose: () => [statistics, train, test].forEach((each) => each.dispose()),
  };
}
