/** One training run of a sweep: steps, halving, stopping, and the measurements on the way. */
import { LangevinError, tensor, tree, type Tensor } from '../../engine/index.ts';
import { sampler } from '../../data/index.ts';
import { firstNonFinite } from '../../nn/index.ts';
import {
  initialHalving,
  learningRateFactor,
  noiseEnhanced,
  observeLoss,
  withLearningRate,
  type HalvingRule,
} from '../../optim/index.ts';
import type { RunRecord, StopSignal } from '../types.ts';
import { stepLimit, type Sweep } from './config.ts';
import type { Evaluator } from './evaluation.ts';
import { replicaSeed, type Problem } from './problem.ts';
import { initialState, optimizerOf, type TrainingState, type TrainingStep } from './step.ts';

/** Streams of the two batches, so that no other sampler of the seed shares their draws. */
export const FIRST_STREAM = 0;
export const SECOND_STREAM = 1;

/**
 * Steps between looks at whether a step failed. What is looked at was read so many steps ago, so the device always
 * has work; and no more than twice so many steps are under way, so that a run can be stopped soon.
 */
const LOOK_EVERY = 4;

/** Which run of which sweep. */
export interface RunIdentity {
  readonly sweep: string;
  readonly alpha: number;
  readonly batchSize: number;
  /** Number of the initialisation. */
  readonly replica: number;
}

export interface TrainingContext {
  readonly seed: number;
  readonly signal: StopSignal;
  readonly problem: Problem;
  /** Of the run's α; runs of one batch size share its program. */
  readonly step: TrainingStep;
  readonly trainEvaluator: Evaluator;
  readonly testEvaluator: Evaluator;
  /** Called at every step with the number of steps made. */
  progress(step: number): void;
}

/**
 * Trains once. Yields `evaluation` metrics, `halved` events, and one `run` result at the end; nothing more once the
 * signal is given.
 * @throws NON_FINITE if a loss is not finite, naming the step and the first tensor that is not
 */
export async function* train(
  sweep: Sweep,
  identity: RunIdentity,
  context: TrainingContext,
): AsyncGenerator<RunRecord> {
  const { problem, step, signal } = context;
  const { sweep: sweepName, alpha, batchSize, replica } = identity;
  const labels = { sweep: sweepName, alpha, batchSize, replica };
  const optimizer = optimizerOf(sweep);
  const batchesAt = batches(sweep, problem, identity, context.seed);
  const limit = stepLimit(sweep, alpha, batchSize);
  const rule: HalvingRule = {
    halveAt: sweep.halveAt || null,
    stopBelow: sweep.stopBelow || null,
    maxSteps: limit,
  };
  const lossEvery = sweep.lossEvery || Math.max(1, Math.floor(problem.train.count / batchSize));
  let halving = initialHalving;
  let state = initialState(problem.initialize(replica), optimizer);
  let trainLoss = NaN;
  /** The number of the failed step, or -1, as of the last look. */
  let look = Promise.resolve(-1);
  try {
    let done = 0;
    let summedFrom = 0;
    while (halving.phase === 'running' && !signal.aborted) {
      const indices = batchesAt(done);
      const [next, failedAt] = step(state, problem.train.tensors, ...indices);
      state = next;
      done++;
      indices.forEach((batch) => batch.dispose());
      context.progress(done);
      if (done % LOOK_EVERY === 0) {
        if ((await look) >= 0) await explainFailure(state, sweep, identity, context);
        look = readOnce(failedAt);
      } else failedAt.dispose();
      const lossDue = done % lossEvery === 0 || done === limit;
      const testDue = sweep.testEvery > 0 && done % sweep.testEvery === 0 && done !== limit;
      if (!lossDue && !testDue) continue;
      if ((await state.failedAt.item()) >= 0) await explainFailure(state, sweep, identity, context);
      const rate = learningRateFactor(halving);
      const minibatchLoss = (await readOnce(state.lossSum)) / (done - summedFrom);
      state = { ...state, lossSum: tensor(0) };
      summedFrom = done;
      if (lossDue) trainLoss = (await context.trainEvaluator.evaluate(state.params)).loss;
      yield {
        kind: 'metric',
        name: 'evaluation',
        ...labels,
        step: done,
        minibatchLoss,
        learningRate: sweep.learningRate * rate,
        ...(lossDue && { trainLoss }),
        ...(testDue && { testAccuracy: (await context.testEvaluator.evaluate(state.params)).accuracy }),
      };
      if (!lossDue) continue;
      halving = observeLoss(rule, halving, done, trainLoss);
      if (learningRateFactor(halving) !== rate) {
        const learningRate = sweep.learningRate * learningRateFactor(halving);
        state = { ...state, optimizer: withLearningRate(state.optimizer, learningRate) };
        yield { kind: 'event', name: 'halved', ...labels, step: done, trainLoss, learningRate };
      }
    }
    if (signal.aborted) return;
    const test = await context.testEvaluator.evaluate(state.params);
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
    tree.leaves(state).forEach((leaf) => leaf.dispose());
  }
}

/** The index tensors of every step: one batch, or two from independent streams. */
function batches(
  { sampling }: Sweep,
  { train: { count } }: Problem,
  { alpha, batchSize, replica }: RunIdentity,
  seed: number,
): (step: number) => Tensor[] {
  const streams = noiseEnhanced({ alpha }).batches === 1 ? [FIRST_STREAM] : [FIRST_STREAM, SECOND_STREAM];
  const samplers = streams.map((stream) =>
    sampler({ mode: sampling, count, batchSize, seed: replicaSeed(seed, replica), stream }),
  );
  return (step) => samplers.map((each) => tensor(each.indices(step)));
}

async function readOnce(x: Tensor): Promise<number> {
  const value = await x.item();
  x.dispose();
  return value;
}

/** Throws, after running the failed step again piece by piece to find where it failed. */
async function explainFailure(
  state: TrainingState,
  sweep: Sweep,
  identity: RunIdentity,
  { problem, seed }: TrainingContext,
): Promise<never> {
  const failedAt = await state.failedAt.item();
  const { alpha, batchSize } = identity;
  const [first, second] = batches(sweep, problem, identity, seed)(failedAt) as [Tensor, Tensor?];
  const { params } = state;
  const rule = noiseEnhanced({ alpha, form: sweep.form });
  const outputs = rule.gradient(problem.weightedLoss(problem.train.tensors))(params, first, second);
  const found = await firstNonFinite(outputs, params);
  throw new LangevinError(
    'NON_FINITE',
    `Step ${failedAt} (α = ${alpha}, B = ${batchSize}): the loss is not finite, and the parameters were left as before the step; ` +
      `the first tensor that is not finite is ${found?.description ?? 'not to be found again'}. Take a smaller learning rate or α.`,
  );
}
