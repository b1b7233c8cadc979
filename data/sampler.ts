/**
 * Which examples form the minibatch of a step: a function of (seed, stream, step), and of nothing that
 * happened before, so that a run can be resumed or looked at again at any step.
 *
 * Every sampler has its own key, derived from the seed apart from parameter initialisation, and from its
 * stream number apart from other samplers: noise enhancement draws its two batches from streams 0 and 1.
 */
import { foldInWords, seedWords, type Words } from '../engine/random/threefry.ts';
import { fail } from '../engine/graph/errors.ts';
import { integerAt, permutation, subsetDrawer } from './permutation.ts';

/**
 * How minibatches are drawn.
 * - `iid-with-replacement`: every index independent and uniform. Covariance of the batch gradient: C/B.
 * - `without-replacement`: a fresh uniform subset at each step. Covariance: C (N - B)/(B (N - 1)), 0 at B = N.
 * - `epoch-shuffle`: each epoch is a permutation cut into batches; the last partial batch is dropped.
 */
export type SamplingMode = 'iid-with-replacement' | 'without-replacement' | 'epoch-shuffle';

/** What {@link sampler} draws from and how. */
export interface SamplerOptions {
  readonly mode: SamplingMode;
  /** N: number of examples to draw from. */
  readonly count: number;
  /** B: indices per step. */
  readonly batchSize: number;
  /** A non-negative safe integer. */
  readonly seed: number;
  /** Separates samplers of one seed. Default 0. */
  readonly stream?: number;
}

/** Minibatch indices by step. */
export interface Sampler {
  readonly mode: SamplingMode;
  readonly count: number;
  readonly batchSize: number;
  /** floor(N / B): how many steps one epoch counts, in every mode. */
  readonly stepsPerEpoch: number;
  /** The epoch that step `step` (from 0) belongs to. */
  epoch(step: number): number;
  /** [B] indices of the minibatch of step `step` (from 0), in a fresh array. */
  indices(step: number): Int32Array;
}

// Folded into the seed, so that a sampler never shares a key with anything else made from the same seed.
const SAMPLER = 0x73616d70;

/**
 * A sampler of minibatches.
 * @throws `BATCH_TOO_LARGE` when B exceeds N: no mode can then give a batch that stands for the data.
 * @throws `DATA_INVALID` when a number is not a positive integer, or the seed not a non-negative one.
 */
export function sampler(options: SamplerOptions): Sampler {
  const { mode, count, batchSize, seed, stream = 0 } = options;
  requireInteger('count', count, 1);
  requireInteger('batchSize', batchSize, 1);
  requireInteger('seed', seed, 0);
  requireInteger('stream', stream, 0);
  if (batchSize > count)
    fail(
      'BATCH_TOO_LARGE',
      `sampler: a batch of ${batchSize} cannot be drawn from ${count} examples; ` +
        `take a batch of at most ${count}, or more training examples.`,
    );
  const key = foldInWords(foldInWords(seedWords(seed), SAMPLER), stream);
  const stepsPerEpoch = Math.floor(count / batchSize);
  const draw = drawer(mode, key, count, batchSize, stepsPerEpoch);
  return {
    mode,
    count,
    batchSize,
    stepsPerEpoch,
    epoch: (step) => Math.floor(checkStep(step) / stepsPerEpoch),
    indices: (step) => draw(checkStep(step)),
  };
}

function drawer(
  mode: SamplingMode,
  key: Words,
  count: number,
  batchSize: number,
  stepsPerEpoch: number,
): (step: number) => Int32Array {
  switch (mode) {
    case 'iid-with-replacement':
      return (step) => {
        const stepKey = foldInWords(key, step);
        return Int32Array.from({ length: batchSize }, (_, i) => integerAt(stepKey, i, count));
      };
    case 'without-replacement': {
      const subset = subsetDrawer(count);
      return (step) => subset(foldInWords(key, step), batchSize);
    }
    case 'epoch-shuffle': {
      // The order of the epoch last asked for is kept: it is N draws, and most calls want the same one.
      let kept: { epoch: number; order: Int32Array } = { epoch: -1, order: new Int32Array(0) };
      return (step) => {
        const epoch = Math.floor(step / stepsPerEpoch);
        if (epoch !== kept.epoch) kept = { epoch, order: permutation(foldInWords(key, epoch), count) };
        const start = (step - epoch * stepsPerEpoch) * batchSize;
        return kept.order.slice(start, start + batchSize);
      };
    }
    default:
      return fail(
        'DATA_INVALID',
        `sampler: unknown mode ${JSON.stringify(mode)}; take iid-with-replacement, without-replacement or ` +
          'epoch-shuffle.',
      );
  }
}

function checkStep(step: number): number {
  requireInteger('step', step, 0);
  return step;
}

function requireInteger(what: string, value: number, low: number): void {
  if (!Number.isSafeInteger(value) || value < low)
    fail('DATA_INVALID', `sampler: ${what} must be an integer of at least ${low}, found ${value}.`);
}
