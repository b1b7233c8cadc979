/**
 * What the noise-enhancement experiment can be told. One sweep trains a perceptron for every pair of
 * α and batch size; the measurement compares noise covariances at one trained point. Everything is plain data.
 */
import { check, natural } from '../checks.ts';
import { initializers } from '../../nn/index.ts';
import type { SamplingMode } from '../../data/index.ts';
import type { Recipe } from './training/settings.ts';

/** Trainings of one model on one training set, over a grid of α and batch sizes. */
export interface Sweep extends Recipe {
  /** α: 1 is plain SGD. */
  readonly alphas: readonly number[];
  /** B, the size of each of the two batches; every α is run with every B. */
  readonly batchSizes: readonly number[];
  /** Further pairs [α, B]. */
  readonly pairs: readonly (readonly [number, number])[];
  /** Initialisations of every pair. */
  readonly seeds: number;
}

/** The comparison of noise covariances at one point, reached by plain training of the sweep's model. */
export interface Measurement {
  /** Compared with α = 1; none skips the measurement. */
  readonly alphas: readonly number[];
  /** B of the measured noise. */
  readonly batchSize: number;
  /** N: the noise is that of batches out of the first so many training examples; 0 takes all. */
  readonly examples: number;
  readonly sampling: SamplingMode;
  /** Optimizer steps, with α = 1 and this B, before the measurement. */
  readonly trainingSteps: number;
  /** Directions of random signs, and leading eigenvectors of C. */
  readonly randomDirections: number;
  readonly topDirections: number;
  /** Steps of the power method for each leading eigenvector, on C of the first examples; no minibatch is drawn. */
  readonly topIterations: number;
  /** Draws per α along directions. */
  readonly directionDraws: number;
  /** Draws per α of the trace; more are taken until each mean is known to `maxRelativeError`/√2, up to eight times as many. */
  readonly traceDraws: number;
  /** Draws per recorded program. */
  readonly drawsPerCall: number;
  /** Wanted for the ratio of two traces. */
  readonly maxRelativeError: number;
}

export interface Config extends Sweep {
  readonly measurement: Measurement;
  /** Sweeps to run after the main one. */
  readonly further: Readonly<Record<string, Sweep>>;
}

/** All sweeps of a configuration by name; the main one is `main`. */
export function sweepsOf(config: Config): readonly (readonly [string, Sweep])[] {
  return [['main', config], ...Object.entries(config.further)];
}

/** The pairs of α and batch size that a sweep trains, each once. */
export function gridOf({
  alphas,
  batchSizes,
  pairs,
}: Pick<Sweep, 'alphas' | 'batchSizes' | 'pairs'>): readonly (readonly [alpha: number, batchSize: number])[] {
  const all = [...alphas.flatMap((alpha) => batchSizes.map((size) => [alpha, size] as const)), ...pairs];
  return [...new Map(all.map((pair) => [pair.join(), pair])).values()];
}

const what = 'noise-enhancement';

/** @throws CONFIG for a configuration that makes no sense */
export function checkConfig(config: Config): void {
  for (const [name, sweep] of sweepsOf(config)) {
    const at = name === 'main' ? '' : `further.${name}.`;
    naturals(at, sweep, [
      'seeds',
      'trainExamples',
      'testExamples',
      'maxSteps',
      'maxExamples',
      'lossEvery',
      'testEvery',
    ]);
    for (const [alpha, batchSize] of gridOf(sweep))
      check(
        what,
        Number.isFinite(alpha) && Number.isInteger(batchSize) && batchSize > 0,
        `${at}alphas, batchSizes and pairs hold α = ${alpha} with B = ${batchSize}: α is a number, B a positive integer`,
      );
    check(
      what,
      sweep.hidden.every((units) => Number.isInteger(units) && units > 0),
      `${at}hidden is ${sweep.hidden.join(', ')}: give positive integers`,
    );
    check(
      what,
      Object.hasOwn(initializers, sweep.initializer),
      `${at}initializer is '${sweep.initializer}': take one of ${Object.keys(initializers).join(', ')}`,
    );
    check(
      what,
      ['adam', 'sgd'].includes(sweep.optimizer),
      `${at}optimizer is '${sweep.optimizer}': take adam or sgd`,
    );
    check(
      what,
      sweep.learningRate >= 0 && sweep.momentum >= 0 && sweep.momentum < 1,
      `${at}learningRate is ${sweep.learningRate} and momentum ${sweep.momentum}: a rate of at least 0, a momentum in [0, 1)`,
    );
    check(
      what,
      sweep.maxSteps > 0 || sweep.maxExamples > 0,
      `${at}maxSteps and maxExamples are both 0: one of them must limit a run that never converges`,
    );
  }
  const measured = config.measurement;
  naturals('measurement.', measured, [
    'batchSize',
    'drawsPerCall',
    'topIterations',
    'directionDraws',
    'traceDraws',
    'trainingSteps',
  ]);
  check(
    what,
    measured.alphas.length === 0 ||
      (measured.batchSize > 0 && measured.traceDraws > 1 && measured.drawsPerCall > 0),
    `measurement.batchSize, traceDraws and drawsPerCall are ${measured.batchSize}, ${measured.traceDraws} and ${measured.drawsPerCall}: all must be positive, and two draws are the least that have a variance`,
  );
}

function naturals<T extends object>(at: string, owner: T, names: readonly (keyof T & string)[]): void {
  for (const name of names) {
    const value = owner[name] as number;
    check(what, natural(value), `${at}${name} is ${value}: give a natural number`);
  }
}
