/**
 * Where one training's state is kept and its steps are made: by itself here, or as one row among replicas
 * (`replicas.ts`). Who trains asks a seat, and does not see which it is.
 */
import { tensor, tree, type Tensor } from '../../engine/index.ts';
import { withLearningRate } from '../../optim/index.ts';
import type { ResidentTensors } from '../../data/resident.ts';
import type { Evaluation, Evaluators } from './evaluation.ts';
import type { TrainingState, TrainingStep } from './step.ts';

/** A step to be made. */
export interface StepRequest {
  /** Trainings that are replicas of each other give the same function. */
  readonly step: TrainingStep;
  readonly tensors: ResidentTensors;
  /** What the step takes: i32 indices of examples, u32[2] keys. */
  readonly inputs: readonly (Int32Array | Uint32Array)[];
  readonly learningRate: number;
}

/** Over which sets. */
export interface Wanted {
  readonly train: boolean;
  readonly test: boolean;
}

/** Over the sets that were wanted. */
export interface Evaluated {
  readonly train?: Evaluation;
  readonly test?: Evaluation;
}

/** The state as it stands. */
export interface Borrowed {
  readonly state: TrainingState;
  /** To be called when it is not read any more, before the next step. */
  release(): void;
}

export interface Seat {
  /** Resolves when the step is under way, not when it is made. */
  step(request: StepRequest): Promise<void>;
  /** The step that failed, or -1, as of the last step made. What comes after does not wait for it. */
  look(): Promise<number>;
  /** Σ of the losses since it was last taken; begins anew. */
  takeLossSum(): Promise<number>;
  evaluate(evaluators: Evaluators, wanted: Wanted): Promise<Evaluated>;
  borrow(): Promise<Borrowed>;
  /** Gives the memory of the state back. */
  leave(): void;
}

/** The seat of a training by itself. Takes over the state. */
export function aloneSeat(initial: TrainingState): Seat {
  let state = initial;
  let rate: number | undefined;
  /** The last step's, unless it is being read. */
  let failedAt: Tensor | undefined;
  return {
    step({ step, tensors, inputs, learningRate }) {
      if (learningRate !== rate) {
        state = { ...state, optimizer: withLearningRate(state.optimizer, learningRate) };
        rate = learningRate;
      }
      failedAt?.dispose();
      const given = inputs.map((input) => tensor(input));
      [state, failedAt] = step(state, tensors, ...given);
      given.forEach((each) => each.dispose());
      return Promise.resolve();
    },
    look() {
      const seen = failedAt;
      failedAt = undefined;
      return seen ? readOnce(seen) : state.failedAt.item();
    },
    async takeLossSum() {
      const before = state.lossSum;
      state = { ...state, lossSum: tensor(0) };
      return readOnce(before);
    },
    evaluate: (evaluators, wanted) => evaluateOne(state, evaluators, wanted),
    borrow: () => Promise.resolve({ state, release: () => undefined }),
    leave() {
      failedAt?.dispose();
      tree.leaves(state).forEach((leaf) => leaf.dispose());
    },
  };
}

/** At the parameters of one state. */
export async function evaluateOne(
  { params }: TrainingState,
  evaluators: Evaluators,
  wanted: Wanted,
): Promise<Evaluated> {
  const statistics = evaluators.statistics.at(params);
  const train = wanted.train && (await evaluators.train.evaluate(params, statistics));
  const test = wanted.test && (await evaluators.test.evaluate(params, statistics));
  tree.leaves(statistics).forEach((leaf) => leaf.dispose());
  return { ...(train && { train }), ...(test && { test }) };
}

async function readOnce(x: Tensor): Promise<number> {
  const value = await x.item();
  x.dispose();
  return value;
}
