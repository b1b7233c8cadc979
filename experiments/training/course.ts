/** The course of a training from its description: its steps along the timeline, and what is measured on the way. */
import { tensor, tree, type Tensor } from '../../engine/index.ts';
import { parameterCount } from '../../nn/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import type { CellContext, Checkpoints } from '../grid.ts';
import type { RunRecord } from '../types.ts';
import { exampleCost } from './cost.ts';
import { explainFailure } from './failure.ts';
import type { Course } from './loop.ts';
import type { Measurements } from './measurement.ts';
import { objectiveOf } from './objective.ts';
import { replicaSeed } from './problem.ts';
import type { Evaluated, Seat } from './seat.ts';
import type { EvaluationRecord, ExtraSpec, TrainingRecord, TrainingSpec } from './settings.ts';
import { initialState } from './step.ts';
import type { Kind } from './steps.ts';
import { extentOf, timelineOf, type Position } from './timeline.ts';
import type { Equipment } from './equipment.ts';

/** What a training is given beside its description. Without checkpoints one that is stopped begins anew. */
export interface TrainingContext extends Omit<CellContext, 'checkpoints'> {
  readonly checkpoints?: Checkpoints;
  /** Those that `measure.extra` names. */
  readonly measurements?: Measurements;
  /** What progress is said to be of. */
  readonly note?: string;
}

/** Where a training stands, beside its tensors. */
type Standing = {
  readonly position: Position;
  /** Before the last step. */
  readonly before: Position;
  readonly phase: 'running' | 'finished' | 'reached';
  /** The step from which `lossSum` counts. */
  readonly summedFrom: number;
  /** The last step after which there was an `evaluation`; -1 before the first. */
  readonly evaluatedAt: number;
};

/** A course, and what its result says of it. */
export interface TrainingCourse extends Course {
  /** Where it was after so many steps. */
  reached(steps: number): Pick<TrainingRecord, 'steps' | 'epochs' | 'time'>;
  readonly sizes: Pick<TrainingRecord, 'parameters' | 'trainExamples' | 'testExamples'>;
}

export function courseOf(
  spec: TrainingSpec,
  { problem, steps, evaluators }: Equipment,
  context: TrainingContext,
): TrainingCourse {
  const { seed, signal, measurements = {}, note } = context;
  const { measure = {}, length, replica } = spec;
  const extras = measure.extra ?? [];
  const own = replicaSeed(seed, replica);
  const timeline = timelineOf(spec, problem.train.count, own);
  const total = extentOf(spec, problem.train.count).steps;
  const { start } = timeline;
  let standing: Standing = {
    position: start,
    before: start,
    phase: timeline.ended(start) ? 'finished' : 'running',
    summedFrom: 0,
    evaluatedAt: -1,
  };
  let incomplete = false;

  const { set } = problem.train;
  const sizes = {
    parameters: parameterCount(problem.initialize(replica)),
    trainExamples: problem.train.count,
    testExamples: problem.test.count,
  };
  const kindAt = (position: Position): Kind => {
    const { fraction = 0, epochs = Infinity } = spec.loss?.discard ?? {};
    return {
      batchSize: timeline.batchSize(position),
      discard: position.epoch < epochs ? fraction : 0,
    };
  };
  const inputsAt = (position: Position): (Int32Array | Uint32Array)[] => [
    timeline.indices(position),
    ...steps.keys(own, position.done),
  ];
  const positionAfter = (count: number): Position => {
    let position = start;
    while (position.done < count) position = timeline.after(position);
    return position;
  };
  const dueNow = () => {
    const { before, position } = standing;
    const completes = (span: typeof measure.test): boolean =>
      span !== undefined && timeline.completes(span, before, position);
    return {
      train: completes(measure.trainLoss),
      test: completes(measure.test),
      extras: extras.filter(({ at }) => timeline.reaches(at, before, position)),
    };
  };

  /** The metric, and what was measured. */
  const evaluation = async (seat: Seat, found: Evaluated): Promise<RunRecord> => {
    const { position, before, summedFrom } = standing;
    const { done } = position;
    const sum = await seat.takeLossSum();
    const record: EvaluationRecord = {
      step: done,
      epoch: timeline.epochs(position),
      time: position.time,
      learningRate: timeline.learningRate(before),
      batchSize: timeline.batchSize(before),
      minibatchLoss: done > summedFrom ? sum / (done - summedFrom) : null,
      ...(found.train && { trainLoss: found.train.loss, trainAccuracy: found.train.accuracy }),
      ...(found.test && { testLoss: found.test.loss, testAccuracy: found.test.accuracy }),
    };
    standing = { ...standing, summedFrom: done, evaluatedAt: done };
    return { kind: 'metric', name: 'evaluation', ...record };
  };

  async function* measured(seat: Seat, chosen: readonly ExtraSpec[]): AsyncGenerator<RunRecord> {
    if (chosen.length === 0) return;
    const { position } = standing;
    const { state, release } = await seat.borrow();
    const statistics = evaluators.statistics.at(state.params);
    try {
      for (const { name, options = {} } of chosen) {
        const measurement =
          measurements[name] ??
          fail(
            'CONFIG',
            `training: measure.extra has '${name}', and the experiment measures ${Object.keys(measurements).join(', ') || 'nothing of its own'}.`,
          );
        const point = {
          spec,
          seed,
          problem,
          params: state.params,
          statistics,
          objective: objectiveOf(problem, spec.loss),
          step: position.done,
          epoch: timeline.epochs(position),
          time: position.time,
          learningRate: timeline.learningRate(position),
          batchSize: timeline.batchSize(position),
          nextBatch: timeline.indices(position),
          signal,
          progress: context.progress,
          log: context.log,
        };
        for await (const record of measurement(point, options)) yield { ...record, step: position.done };
        incomplete = signal.aborted;
        if (incomplete) return;
      }
    } finally {
      tree.leaves(statistics).forEach((leaf) => leaf.dispose());
      release();
    }
  }

  return {
    cost:
      3 *
      exampleCost(spec.network, [set.height, set.width, set.channels], set.classes.length).multiplyAdds *
      timeline.batchSize(start),
    sizes,
    reached(count) {
      const position = positionAfter(count);
      return { steps: count, epochs: timeline.epochs(position), time: position.time };
    },
    initialState: () => initialState(problem.initialize(replica), steps.optimizer),
    standing: () => standing,
    restore(json) {
      standing = json as unknown as Standing;
    },
    get done() {
      return standing.position.done;
    },
    get ended() {
      return standing.phase !== 'running';
    },
    get incomplete() {
      return incomplete;
    },
    next() {
      const { position } = standing;
      return {
        step: steps.of(kindAt(position)),
        tensors: problem.train.tensors,
        inputs: inputsAt(position),
        learningRate: timeline.learningRate(position),
      };
    },
    made() {
      const before = standing.position;
      const position = timeline.after(before);
      standing = { ...standing, before, position, phase: timeline.ended(position) ? 'finished' : 'running' };
      context.progress({ done: position.done, total, unit: 'steps', ...(note !== undefined && { note }) });
    },
    begin: (seat) =>
      measured(
        seat,
        extras.filter(({ at }) => at.start === true || at.steps?.includes(0) || at.epochs?.includes(0)),
      ),
    get due() {
      if (standing.phase !== 'running') return false;
      const { train, test, extras: chosen } = dueNow();
      return train || test || chosen.length > 0;
    },
    async *observe(seat) {
      const { train, test, extras: chosen } = dueNow();
      if (train || test) {
        const found = await seat.evaluate(evaluators, { train, test });
        yield await evaluation(seat, found);
        const limit = length.trainLossBelow ?? -Infinity;
        if (found.train && found.train.loss < limit) standing = { ...standing, phase: 'reached' };
      }
      // What is due at the end is measured there.
      if (standing.phase === 'running') yield* measured(seat, chosen);
    },
    async *conclude(seat) {
      const { train, test } = await seat.evaluate(evaluators, { train: true, test: true });
      const { position, phase, evaluatedAt } = standing;
      if (evaluatedAt !== position.done)
        yield await evaluation(seat, { ...(train && { train }), ...(test && { test }) });
      const { extras: chosen } = dueNow();
      yield* measured(
        seat,
        extras.filter((extra) => extra.at.end === true || chosen.includes(extra)),
      );
      if (incomplete) return;
      yield resultOf({
        outcome: phase === 'reached' ? 'reached' : 'finished',
        steps: position.done,
        epochs: timeline.epochs(position),
        time: position.time,
        trainLoss: train?.loss ?? null,
        trainAccuracy: train?.accuracy ?? null,
        testLoss: test?.loss ?? null,
        testAccuracy: test?.accuracy ?? null,
        ...sizes,
      });
    },
    explain(failed, { params }) {
      const position = positionAfter(failed);
      const [indices, key] = inputsAt(position).map((input) => tensor(input)) as [Tensor, Tensor?];
      const rate = timeline.learningRate(position);
      return explainFailure({
        step: failed,
        setting: `learning rate ${rate}, B = ${timeline.batchSize(position)}`,
        advice: 'Take a smaller learning rate.',
        params,
        passes: steps.passes(kindAt(position), params, indices, key),
      });
    },
  };
}

/** The record of an end. */
export function resultOf(record: TrainingRecord): RunRecord {
  return { kind: 'result', name: 'training', ...record };
}
