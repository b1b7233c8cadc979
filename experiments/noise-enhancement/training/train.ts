/** One training: steps, halving, stopping, the measurements on the way, and the snapshots to go on from. */
import { tensor, tree, type Tensor, type Tree } from '../../../engine/index.ts';
import { sampler } from '../../../data/index.ts';
import {
  initialHalving,
  learningRateFactor,
  noiseEnhanced,
  observeLoss,
  withLearningRate,
  type HalvingRule,
  type HalvingState,
} from '../../../optim/index.ts';
import type { Checkpoints } from '../../grid.ts';
import type { Json, RunRecord, StopSignal } from '../../types.ts';
import type { Evaluators } from '../../training/evaluation.ts';
import { explainFailure } from './failure.ts';
import { exampleCost } from './network.ts';
import { replicaSeed, type Problem } from '../../training/problem.ts';
import { stepLimit, type TrainingSettings } from './settings.ts';
import { initialState, optimizerOf, type TrainingState, type TrainingStep } from './step.ts';

/** Streams of the two batches, so that no other sampler of the seed shares their draws. */
export const FIRST_STREAM = 0;
export const SECOND_STREAM = 1;

/**
 * Steps between looks at whether a step failed. What is looked at was read so many steps ago, so the device always
 * has work; and no more than twice so many steps are under way, so that a run can be stopped soon.
 */
const LOOK_EVERY = 4;

/** Multiply-adds of a step that is looked at by itself: a second or so of a software adapter. */
const LONG_STEP = 4e9;

export interface TrainingContext {
  readonly seed: number;
  /** Number of the initialisation. */
  readonly replica: number;
  readonly signal: StopSignal;
  readonly problem: Problem;
  /** Of the settings; trainings that differ in their initialisation share its programs. */
  readonly step: TrainingStep;
  readonly evaluators: Evaluators;
  /** What every record says beside its own fields. */
  readonly labels: Readonly<Record<string, Json>>;
  /** Called at every step with the number of steps made. */
  progress(step: number): void;
  /** None: a training that is stopped begins anew. */
  readonly checkpoints?: Checkpoints;
}

/** Where a training stands, beside its tensors. */
interface Standing {
  /** Steps made. */
  readonly done: number;
  /** The step from which `lossSum` counts. */
  readonly summedFrom: number;
  readonly halving: HalvingState;
  /** As last measured. */
  readonly trainLoss: number | null;
}

/**
 * Trains once. Yields `evaluation` metrics, `halved` events, and one `run` result at the end; nothing more once the
 * signal is given. With checkpoints it goes on from the newest snapshot, and all that a step depends on is in it, so
 * what comes after is what would have come without the stop.
 * @throws NON_FINITE if a loss is not finite, naming the step and the first tensor that is not
 */
export async function* train(
  settings: TrainingSettings,
  context: TrainingContext,
): AsyncGenerator<RunRecord> {
  const { problem, step, evaluators, signal, labels, checkpoints } = context;
  const { alpha, batchSize } = settings;
  const optimizer = optimizerOf(settings);
  const batchesAt = batches(settings, problem, replicaSeed(context.seed, context.replica));
  const limit = stepLimit(settings, alpha, batchSize);
  const rule: HalvingRule = {
    halveAt: settings.halveAt || null,
    stopBelow: settings.stopBelow || null,
    maxSteps: limit,
  };
  const lookEvery = stepCost(settings, problem) < LONG_STEP ? LOOK_EVERY : 1;
  const lossEvery = settings.lossEvery || Math.max(1, Math.floor(problem.train.count / batchSize));
  let state = initialState(problem.initialize(context.replica), optimizer);
  let standing: Standing = { done: 0, summedFrom: 0, halving: initialHalving, trainLoss: null };
  const snapshot = await checkpoints?.restore(state);
  if (snapshot) {
    dispose(state);
    state = snapshot.tensors as TrainingState;
    standing = snapshot.state as unknown as Standing;
  }
  let { done, summedFrom, halving, trainLoss } = standing;
  /** The number of the failed step, or -1, as of the last look. */
  let look = Promise.resolve(-1);
  try {
    while (halving.phase === 'running' && !signal.aborted) {
      const indices = batchesAt(done);
      const [next, failedAt] = step(state, problem.train.tensors, ...indices);
      state = next;
      done++;
      dispose(indices);
      context.progress(done);
      if (done % lookEvery === 0) {
        if ((await look) >= 0) throw await explainFailure(state, settings, problem, batchesAt);
        look = readOnce(failedAt);
      } else failedAt.dispose();
      const lossDue = done % lossEvery === 0 || done === limit;
      const testDue = settings.testEvery > 0 && done % settings.testEvery === 0 && done !== limit;
      if (lossDue || testDue) {
        if ((await state.failedAt.item()) >= 0)
          throw await explainFailure(state, settings, problem, batchesAt);
        const rate = learningRateFactor(halving);
        const minibatchLoss = (await readOnce(state.lossSum)) / (done - summedFrom);
        state = { ...state, lossSum: tensor(0) };
        summedFrom = done;
        const statistics = evaluators.statistics.at(state.params);
        if (lossDue) trainLoss = (await evaluators.train.evaluate(state.params, statistics)).loss;
        const test = testDue && (await evaluators.test.evaluate(state.params, statistics));
        dispose(statistics);
        yield {
          kind: 'metric',
          name: 'evaluation',
          ...labels,
          step: done,
          minibatchLoss,
          learningRate: settings.learningRate * rate,
          ...(lossDue && trainLoss !== null && { trainLoss }),
          ...(test && { testAccuracy: test.accuracy }),
        };
        if (lossDue && trainLoss !== null) {
          halving = observeLoss(rule, halving, done, trainLoss);
          if (learningRateFactor(halving) !== rate) {
            const learningRate = settings.learningRate * learningRateFactor(halving);
            state = { ...state, optimizer: withLearningRate(state.optimizer, learningRate) };
            yield { kind: 'event', name: 'halved', ...labels, step: done, trainLoss, learningRate };
          }
        }
      }
      // After the records of this step: what comes back continues after them. The last is kept to be measured.
      const ended = halving.phase !== 'running';
      if (checkpoints && (ended || signal.aborted || checkpoints.due())) {
        const reached: Standing = { done, summedFrom, halving, trainLoss };
        await checkpoints.save({ tensors: state, state: reached as unknown as Json });
      }
    }
    if (signal.aborted) return;
    const statistics = evaluators.statistics.at(state.params);
    const test = await evaluators.test.evaluate(state.params, statistics);
    dispose(statistics);
    yield {
      kind: 'result',
      name: 'run',
      ...labels,
      testAccuracy: test.accuracy,
      testLoss: test.loss,
      trainLoss,
      steps: halving.endedAt,
      exampleGradients: (halving.endedAt ?? 0) * batchSize * noiseEnhanced({ alpha }).batches,
      halvedAt: halving.halvedAt,
      outcome: halving.phase,
      converged: halving.phase === 'converged',
    };
  } finally {
    await look.catch(() => undefined);
    dispose(state);
  }
}

/** Multiply-adds: three forward passes for a gradient. */
function stepCost(settings: TrainingSettings, { train: { set } }: Problem): number {
  const { alpha, batchSize } = settings;
  const { height, width, channels, classes } = set;
  const { multiplyAdds } = exampleCost(settings, [height, width, channels], classes.length);
  return 3 * multiplyAdds * batchSize * noiseEnhanced({ alpha }).batches;
}

/** The index tensors of every step: one batch, or two from independent streams. */
function batches(
  { sampling, alpha, batchSize }: TrainingSettings,
  { train: { count } }: Problem,
  seed: number,
): (step: number) => Tensor[] {
  const streams = noiseEnhanced({ alpha }).batches === 1 ? [FIRST_STREAM] : [FIRST_STREAM, SECOND_STREAM];
  const samplers = streams.map((stream) => sampler({ mode: sampling, count, batchSize, seed, stream }));
  return (step) => samplers.map((each) => tensor(each.indices(step)));
}

async function readOnce(x: Tensor): Promise<number> {
  const value = await x.item();
  x.dispose();
  return value;
}

function dispose(owner: Tree): void {
  tree.leaves(owner).forEach((leaf) => leaf.dispose());
}
