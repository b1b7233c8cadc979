/** One training: steps, halving, stopping, the measurements on the way, and the snapshots to go on from. */
import { tensor } from '../../../engine/index.ts';
import { sampler } from '../../../data/index.ts';
import {
  initialHalving,
  learningRateFactor,
  noiseEnhanced,
  observeLoss,
  type HalvingRule,
  type HalvingState,
} from '../../../optim/index.ts';
import type { Checkpoints } from '../../grid.ts';
import type { Evaluators } from '../../training/evaluation.ts';
import { explainFailure } from '../../training/failure.ts';
import { follow, type Course } from '../../training/loop.ts';
import { replicaSeed, type Problem } from '../../training/problem.ts';
import { alone, type Member } from '../../training/replicas.ts';
import { initialState, type TrainingStep } from '../../training/step.ts';
import type { Json, RunRecord, StopSignal } from '../../types.ts';
import { passesOf } from './failure.ts';
import { exampleCost } from './network.ts';
import { stepLimit, type TrainingSettings } from './settings.ts';
import { optimizerOf } from './step.ts';

/** Streams of the two batches, so that no other sampler of the seed shares their draws. */
export const FIRST_STREAM = 0;
export const SECOND_STREAM = 1;

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
  /** Of the replicas that it is trained with; none: by itself. */
  readonly member?: Member;
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
 * Trains once. Yields `evaluation` metrics, `halved` events, and one `run` result at the end, as `follow` has it.
 * @throws NON_FINITE if a loss is not finite, naming the step and the first tensor that is not
 */
export function train(settings: TrainingSettings, context: TrainingContext): AsyncGenerator<RunRecord> {
  const { signal, checkpoints, member = alone() } = context;
  return follow(courseOf(settings, context), { signal, member, ...(checkpoints && { checkpoints }) });
}

function courseOf(settings: TrainingSettings, context: TrainingContext): Course {
  const { problem, step, evaluators, labels } = context;
  const { alpha, batchSize, testEvery } = settings;
  const optimizer = optimizerOf(settings);
  const indicesAt = batches(settings, problem, replicaSeed(context.seed, context.replica));
  const limit = stepLimit(settings, alpha, batchSize);
  const rule: HalvingRule = {
    halveAt: settings.halveAt || null,
    stopBelow: settings.stopBelow || null,
    maxSteps: limit,
  };
  const lossEvery = settings.lossEvery || Math.max(1, Math.floor(problem.train.count / batchSize));
  let standing: Standing = { done: 0, summedFrom: 0, halving: initialHalving, trainLoss: null };
  const lossDue = (): boolean => standing.done % lossEvery === 0 || standing.done === limit;
  const testDue = (): boolean => testEvery > 0 && standing.done % testEvery === 0 && standing.done !== limit;
  const rateNow = (): number => settings.learningRate * learningRateFactor(standing.halving);
  return {
    cost: stepCost(settings, problem),
    initialState: () => initialState(problem.initialize(context.replica), optimizer),
    standing: () => standing as unknown as Json,
    restore(json) {
      standing = json as unknown as Standing;
    },
    get done() {
      return standing.done;
    },
    get ended() {
      return standing.halving.phase !== 'running';
    },
    next: () => ({
      step,
      tensors: problem.train.tensors,
      inputs: indicesAt(standing.done),
      learningRate: rateNow(),
    }),
    made() {
      standing = { ...standing, done: standing.done + 1 };
      context.progress(standing.done);
    },
    get due() {
      return lossDue() || testDue();
    },
    async *observe(seat) {
      const { done, summedFrom, halving } = standing;
      const learningRate = rateNow();
      const minibatchLoss = (await seat.takeLossSum()) / (done - summedFrom);
      const { train: trained, test } = await seat.evaluate(evaluators, { train: lossDue(), test: testDue() });
      standing = { ...standing, summedFrom: done, ...(trained && { trainLoss: trained.loss }) };
      yield {
        kind: 'metric',
        name: 'evaluation',
        ...labels,
        step: done,
        minibatchLoss,
        learningRate,
        ...(trained && { trainLoss: trained.loss }),
        ...(test && { testAccuracy: test.accuracy }),
      };
      if (!trained) return;
      standing = { ...standing, halving: observeLoss(rule, halving, done, trained.loss) };
      if (rateNow() !== learningRate)
        yield {
          kind: 'event',
          name: 'halved',
          ...labels,
          step: done,
          trainLoss: trained.loss,
          learningRate: rateNow(),
        };
    },
    async *conclude(seat) {
      const { test } = await seat.evaluate(evaluators, { train: false, test: true });
      const { halving, trainLoss } = standing;
      yield {
        kind: 'result',
        name: 'run',
        ...labels,
        testAccuracy: test?.accuracy ?? null,
        testLoss: test?.loss ?? null,
        trainLoss,
        steps: halving.endedAt,
        exampleGradients: (halving.endedAt ?? 0) * batchSize * noiseEnhanced({ alpha }).batches,
        halvedAt: halving.halvedAt,
        outcome: halving.phase,
        converged: halving.phase === 'converged',
      };
    },
    incomplete: false,
    explain: (failed, { params }) =>
      explainFailure({
        step: failed,
        setting: `α = ${alpha}, B = ${batchSize}`,
        advice: 'Take a smaller learning rate or α.',
        params,
        passes: passesOf(
          settings,
          problem,
          params,
          indicesAt(failed).map((indices) => tensor(indices)),
        ),
      }),
  };
}

/** Multiply-adds: three forward passes for a gradient. */
function stepCost(settings: TrainingSettings, { train: { set } }: Problem): number {
  const { alpha, batchSize } = settings;
  const { height, width, channels, classes } = set;
  const { multiplyAdds } = exampleCost(settings, [height, width, channels], classes.length);
  return 3 * multiplyAdds * batchSize * noiseEnhanced({ alpha }).batches;
}

/** The indices of every step: one batch, or two from independent streams. */
export function batches(
  { sampling, alpha, batchSize }: TrainingSettings,
  { train: { count } }: Problem,
  seed: number,
): (step: number) => Int32Array[] {
  const streams = noiseEnhanced({ alpha }).batches === 1 ? [FIRST_STREAM] : [FIRST_STREAM, SECOND_STREAM];
  const samplers = streams.map((stream) => sampler({ mode: sampling, count, batchSize, seed, stream }));
  return (step) => samplers.map((each) => each.indices(step));
}
