/** The recorded steps of a training: one for each way that its gradient is taken. */
import { full, jit, random, slice, valueAndGrad, type Tensor, type Tree } from '../../engine/index.ts';
import type { ResidentTensors } from '../../data/resident.ts';
import { foldInWords, seedWords } from '../../engine/random/threefry.ts';
import type { GradientTransformation } from '../../optim/index.ts';
import { drawsAtRandom, smallestCut } from './network.ts';
import { accumulatedStep, cuts, type Cut } from './microbatches.ts';
import { minibatchLoss, objectiveOf } from './objective.ts';
import { drawsProbes, optimizerOf, type StepOptimizer } from './optimizer.ts';
import type { Params, Problem } from './problem.ts';
import type { TrainingSpec } from './settings.ts';
import { highestLosses } from './weighing.ts';
import { advance, type Advanced, type TrainingState, type TrainingStep } from './step.ts';

/** What a step takes its gradient of. */
export interface Kind {
  readonly batchSize: number;
  /** The share of the batch with the smallest losses that is left out. */
  readonly discard: number;
}

export interface Steps {
  readonly optimizer: StepOptimizer;
  /** Batches of other sizes are other programs of the same step, unless they take several passes. */
  of(kind: Kind): TrainingStep;
  /** Losses and gradients of a step, pass after pass, not yet computed. */
  passes(kind: Kind, params: Params, indices: Tensor, key: Tensor | undefined): Iterable<Tree>;
  /** What step number `step` takes beside its examples. */
  keys(seed: number, step: number): Uint32Array[];
  dispose(): void;
}

/** Of the draws within steps, apart from all else that is drawn from the seed. */
const DRAWS = 0x64726177;

/** Whether all examples of a batch of this size go through the network together. */
export function fitsOnePass(
  { microbatch = 0 }: Pick<TrainingSpec, 'microbatch'>,
  batchSize: number,
): boolean {
  return microbatch === 0 || batchSize <= microbatch;
}

export function stepsOf(spec: TrainingSpec, problem: Problem): Steps {
  const optimizer = optimizerOf(spec.optimizer);
  const objective = objectiveOf(problem, spec.loss);
  const draws = drawsAtRandom(spec.network) || drawsProbes(spec.optimizer);
  const known = new Map<string, TrainingStep>();
  const lossKey = (key: Tensor | undefined): Tensor | undefined => key && random.foldIn(key, 0);
  const piecesOf = (batchSize: number): Cut[] => {
    return cuts(batchSize, spec.microbatch as number, smallestCut(spec.network));
  };
  const whole = (discard: number): TrainingStep => {
    const minibatch = minibatchLoss(problem, spec.loss, discard);
    return jit(
      (state: TrainingState, tensors: ResidentTensors, ...inputs: Tensor[]): Advanced => {
        const [indices, key] = inputs as [Tensor, Tensor?];
        const made = minibatch(state.params, tensors, indices, lossKey(key));
        const rule = optimizer.at(made, state.params, key && random.foldIn(key, 1));
        return advance(state, made.value, made.gradient, rule);
      },
      { donate: [0] },
    );
  };
  const accumulated = ({ batchSize, discard }: Kind): TrainingStep => {
    const pieces = piecesOf(batchSize);
    const passes = {
      loss: objective,
      batchSize,
      coefficients: [{ batch: 0, coefficient: 1 }],
      pieces,
      draws,
      ...(discard > 0 && { weighing: highestLosses(problem, discard, pieces) }),
    };
    // `checkSpec` refuses several passes to an optimizer that looks at the loss.
    return accumulatedStep(passes, optimizer.fixed as GradientTransformation);
  };
  const weightsOf = (
    { batchSize, discard }: Kind,
    pieces: readonly Cut[],
    params: Params,
    indices: Tensor,
    key: Tensor | undefined,
  ): Tensor => {
    if (discard === 0) return full([batchSize], 1 / batchSize);
    const weighing = highestLosses(problem, discard, pieces);
    const weights = weighing.weights(params, problem.train.tensors, indices, key ? [key] : []);
    weighing.dispose();
    return weights;
  };
  return {
    optimizer,
    of(kind) {
      const { batchSize, discard } = kind;
      const single = fitsOnePass(spec, batchSize);
      const name = `discard ${discard}${single ? '' : `, size ${batchSize}`}`;
      const step = known.get(name) ?? (single ? whole(discard) : accumulated(kind));
      known.set(name, step);
      return step;
    },
    *passes({ batchSize, discard }, params, indices, key) {
      const { tensors } = problem.train;
      if (fitsOnePass(spec, batchSize)) {
        const { value, gradient } = minibatchLoss(problem, spec.loss, discard)(
          params,
          tensors,
          indices,
          lossKey(key),
        );
        yield [value, gradient];
        return;
      }
      const pieces = piecesOf(batchSize);
      const weights = weightsOf({ batchSize, discard }, pieces, params, indices, key);
      for (const { from, size } of pieces) {
        const own = key && random.foldIn(key, from);
        const [examples, shares] = [indices, weights].map((all) => slice(all, [from], [from + size])) as [
          Tensor,
          Tensor,
        ];
        yield valueAndGrad((p: Params) => objective(tensors, 1, own)(p, examples, shares))(params);
      }
    },
    keys(seed, step) {
      return draws ? [Uint32Array.from(foldInWords(foldInWords(seedWords(seed), DRAWS), step))] : [];
    },
    dispose: () => known.forEach((step) => step.dispose()),
  };
}
