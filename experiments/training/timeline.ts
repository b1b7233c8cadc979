/**
 * The steps of a training in order: which examples each takes, with which learning rate, and where that leaves the
 * training. A function of the description and of where the training stands alone, so it can go on from anywhere.
 *
 * An epoch is over when what is left of its examples is less than the next batch; in every sampling mode it is counted so.
 * With `epoch-shuffle` an epoch is one permutation, from which batches are cut whatever their sizes: for one size these
 * are the batches of `sampler`.
 */
import { LangevinError } from '../../engine/index.ts';
import { sampler, type Sampler } from '../../data/index.ts';
import { batchSizeOf, scheduleOf, type Progressed } from './schedule.ts';
import type { LengthSpec, MomentSpec, Span, TrainingSpec } from './settings.ts';

/** Where a training stands. */
export type Position = {
  /** Steps made. */
  readonly done: number;
  /** Epochs completed. */
  readonly epoch: number;
  /** Examples seen of the current one. */
  readonly offset: number;
  /** Σ of the learning rates of the steps made. */
  readonly time: number;
};

export interface Timeline {
  readonly start: Position;
  /** Epochs completed and the share of the current. */
  epochs(position: Position): number;
  learningRate(position: Position): number;
  batchSize(position: Position): number;
  /** The examples of the step that comes next. */
  indices(position: Position): Int32Array;
  /** After that step. */
  after(position: Position): Position;
  /** Whether the length, but for what depends on a loss, is reached. */
  ended(position: Position): boolean;
  /** Whether a span was completed by the step that led here. */
  completes(span: Span, before: Position, position: Position): boolean;
  /** Whether a moment, other than the start or the end, was reached by that step. */
  reaches(moment: MomentSpec, before: Position, position: Position): boolean;
}

type TimelineSpec = Pick<TrainingSpec, 'learningRate' | 'batchSize' | 'sampling' | 'length'>;

/** No other sampler of the seed shares its draws. */
const STREAM = 0;

/**
 * @param count N
 * @param seed of the replica
 * @throws CONFIG for a length without an end, or a batch that is larger than the training set; SCHEDULE
 */
export function timelineOf(spec: TimelineSpec, count: number, seed: number): Timeline {
  const rateAt = scheduleOf(spec.learningRate);
  const sizeAt = batchSizeOf(spec.batchSize);
  const { length, sampling } = spec;
  const reached = reachedOf(length);
  const samplers = new Map<number, Sampler>();
  const samplerOf = (batchSize: number): Sampler => {
    const known =
      samplers.get(batchSize) ?? sampler({ mode: sampling, count, batchSize, seed, stream: STREAM });
    samplers.set(batchSize, known);
    return known;
  };
  let order: { readonly epoch: number; readonly indices: Int32Array } | undefined;
  const orderOf = (epoch: number): Int32Array => {
    if (order?.epoch !== epoch) order = { epoch, indices: samplerOf(count).indices(epoch) };
    return order.indices;
  };
  const epochs = ({ epoch, offset }: Position): number => epoch + offset / count;
  const progressed = (position: Position): Progressed => ({
    steps: position.done,
    epochs: epochs(position),
  });
  const batchSize = (position: Position): number => sizeAt(progressed(position));
  /** In the next epoch, if this one has too little left. */
  const settled = (position: Position): Position => {
    const size = batchSize(position);
    if (size > count)
      throw new LangevinError(
        'CONFIG',
        `batchSize is ${size} after ${position.done} steps, and there are ${count} training examples: take fewer.`,
      );
    return position.offset + size <= count
      ? position
      : settled({ ...position, epoch: position.epoch + 1, offset: 0 });
  };
  const learningRate = (position: Position): number => rateAt(progressed(position));
  const at = (span: Span, position: Position): number =>
    'steps' in span ? position.done / span.steps : epochs(position) / span.epochs;
  const completes = (span: Span, before: Position, position: Position): boolean =>
    Math.floor(at(span, position) + ROUNDING) > Math.floor(at(span, before) + ROUNDING);
  return {
    start: settled({ done: 0, epoch: 0, offset: 0, time: 0 }),
    epochs,
    learningRate,
    batchSize,
    indices(position) {
      const size = batchSize(position);
      if (sampling !== 'epoch-shuffle') return samplerOf(size).indices(position.done);
      return orderOf(position.epoch).slice(position.offset, position.offset + size);
    },
    after: (position) =>
      settled({
        done: position.done + 1,
        epoch: position.epoch,
        offset: position.offset + batchSize(position),
        time: position.time + learningRate(position),
      }),
    ended: (position) => reached({ ...position, epochs: epochs(position) }),
    completes,
    reaches({ steps = [], epochs: wanted = [], every }, before, position) {
      const passes = (epoch: number): boolean => epochs(before) < epoch && epochs(position) >= epoch;
      return (
        steps.includes(position.done) ||
        wanted.some(passes) ||
        (every !== undefined && completes(every, before, position))
      );
    },
  };
}

/** Shares of epochs and sums of rates are as exact as float64. */
const ROUNDING = 1e-9;

function reachedOf({
  steps,
  epochs,
  time,
}: LengthSpec): (at: Pick<Position, 'done' | 'time'> & { readonly epochs: number }) => boolean {
  const limits = [steps, epochs, time].filter((limit) => limit !== undefined);
  if (limits.length === 0 || limits.some((limit) => !(limit >= 0 && Number.isFinite(limit))))
    throw new LangevinError(
      'CONFIG',
      `length is ${JSON.stringify({ steps, epochs, time })}: give steps, epochs or time, as numbers of at least 0.`,
    );
  return (at) =>
    at.done >= (steps ?? Infinity) ||
    at.epochs >= (epochs ?? Infinity) - ROUNDING ||
    at.time >= (time ?? Infinity) * (1 - ROUNDING);
}

/** Steps that a training takes at most, and the examples in them. */
export function extentOf(
  spec: TimelineSpec,
  count: number,
): { readonly steps: number; readonly examples: number } {
  const { learningRate, batchSize, length } = spec;
  const timeline = timelineOf(spec, count, 0);
  if (typeof batchSize === 'number' && (typeof learningRate === 'number' || length.time === undefined)) {
    const { steps = Infinity, epochs = Infinity, time = Infinity } = length;
    const byTime = typeof learningRate === 'number' && learningRate > 0 ? time / learningRate : Infinity;
    const ofEpochs = Math.ceil(epochs * Math.floor(count / batchSize));
    const most = Math.min(steps, ofEpochs, Math.ceil(byTime * (1 - ROUNDING)));
    if (most > MOST_STEPS) endless(length);
    return { steps: most, examples: most * batchSize };
  }
  let position = timeline.start;
  let examples = 0;
  while (!timeline.ended(position)) {
    if (position.done > MOST_STEPS) endless(length);
    examples += timeline.batchSize(position);
    position = timeline.after(position);
  }
  return { steps: position.done, examples };
}

/** No training is longer: a rate of 0, whose sum gets nowhere, is told by this. */
const MOST_STEPS = 1e8;

function endless(length: LengthSpec): never {
  throw new LangevinError(
    'CONFIG',
    `length is ${JSON.stringify(length)}, which takes more than ${MOST_STEPS} steps at these learning rates: give steps or epochs.`,
  );
}
