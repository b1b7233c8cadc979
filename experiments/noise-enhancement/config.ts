/**
 * What the noise-enhancement experiment can be told, and its presets. One sweep trains a perceptron for every pair of
 * α and batch size; the measurement compares noise covariances at one trained point. Everything is plain data.
 */
import { LangevinError } from '../../engine/index.ts';
import { initializers } from '../../nn/index.ts';
import type { SamplingMode } from '../../data/index.ts';
import type { PresetName } from '../types.ts';

export type InitializerName = keyof typeof initializers;

/** Trainings of one model on one training set, over a grid of α and batch sizes. */
export interface Sweep {
  /** α: 1 is plain SGD. */
  readonly alphas: readonly number[];
  /** B, the size of each of the two batches; every α is run with every B. */
  readonly batchSizes: readonly number[];
  /** Further pairs [α, B]. */
  readonly pairs: readonly (readonly [number, number])[];
  /** Initialisations of every pair. */
  readonly seeds: number;
  /** Units of the hidden layers; the output is one logit per class. */
  readonly hidden: readonly number[];
  readonly initializer: InitializerName;
  /** Training and test examples, drawn once by the seed; 0 takes all. */
  readonly trainExamples: number;
  readonly testExamples: number;
  /** Averages 2x2 blocks of pixels first. */
  readonly pool: boolean;
  readonly optimizer: 'adam' | 'sgd';
  readonly learningRate: number;
  /** Of `sgd`; 0 is none. */
  readonly momentum: number;
  /** How the combined gradient is computed; the two agree to rounding. */
  readonly form: 'one-pass' | 'two-pass';
  readonly sampling: SamplingMode;
  /** L*: the learning rate is halved once, when the training loss first is not above it; 0 never. */
  readonly halveAt: number;
  /** L**: a run has converged when the training loss is below it; 0 never. */
  readonly stopBelow: number;
  /** A run ends after so many steps, and after so many example-gradients (B or 2B per step); 0 is no limit. */
  readonly maxSteps: number;
  readonly maxExamples: number;
  /** Steps between measurements of the training loss; 0 is one epoch, floor(N / B). */
  readonly lossEvery: number;
  /** Steps between measurements of the test accuracy, which is always measured at the end; 0 is only then. */
  readonly testEvery: number;
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

const f1: Sweep = {
  alphas: [1, 1.5],
  batchSizes: [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 2000, 3000, 5000],
  pairs: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((alpha) => [alpha, 5000] as const),
  seeds: 10,
  hidden: Array<number>(7).fill(500),
  initializer: 'glorotUniform',
  trainExamples: 0,
  testExamples: 0,
  pool: false,
  optimizer: 'adam',
  learningRate: 1e-3,
  momentum: 0,
  form: 'one-pass',
  sampling: 'epoch-shuffle',
  halveAt: 0.01,
  stopBelow: 0.001,
  maxSteps: 100_000,
  maxExamples: 0,
  lossEvery: 0,
  testEvery: 0,
};

const measurement: Measurement = {
  alphas: [1, 1.5, 2, 3],
  batchSize: 100,
  examples: 0,
  sampling: 'without-replacement',
  trainingSteps: 600,
  randomDirections: 3,
  topDirections: 3,
  topIterations: 10,
  directionDraws: 16_384,
  traceDraws: 1_000,
  drawsPerCall: 2,
  maxRelativeError: 0.024,
};

/** Small A (papers.md 1.3): a fixed number of steps; the best batch size grows with α. Published on MNIST. */
const fixedSteps: Sweep = {
  ...f1,
  alphas: [1, 1.5, 2, 3],
  batchSizes: [8, 16, 32, 64, 128, 256],
  pairs: [],
  seeds: 3,
  hidden: [32],
  initializer: 'glorotNormal',
  trainExamples: 1000,
  pool: true,
  optimizer: 'sgd',
  learningRate: 0.1,
  momentum: 0.9,
  sampling: 'iid-with-replacement',
  halveAt: 0,
  stopBelow: 0,
  maxSteps: 2000,
  lossEvery: 2000,
};

/** Small B: the published recipe in small; the convergence time grows with α. Meant for Fashion-MNIST. */
const untilConverged: Sweep = {
  ...f1,
  alphas: [1, 1.5],
  batchSizes: [20, 50, 100, 250],
  pairs: [
    [1, 10],
    [2, 250],
    [3, 250],
    [4, 250],
  ],
  seeds: 2,
  hidden: [64, 64],
  trainExamples: 500,
  pool: true,
  halveAt: 0.05,
  stopBelow: 0.01,
  maxSteps: 6000,
  lossEvery: 25,
};

export const presets: Readonly<Record<PresetName, Config>> = {
  smoke: {
    ...f1,
    alphas: [1, 1.5, 3],
    batchSizes: [32, 100],
    pairs: [],
    seeds: 1,
    hidden: [64, 64],
    trainExamples: 1000,
    testExamples: 1000,
    halveAt: 0.5,
    stopBelow: 0.1,
    maxSteps: 120,
    lossEvery: 40,
    measurement: {
      ...measurement,
      batchSize: 32,
      examples: 1000,
      trainingSteps: 60,
      randomDirections: 2,
      topDirections: 1,
      topIterations: 6,
      traceDraws: 400,
      drawsPerCall: 2,
    },
    further: {},
  },
  small: {
    ...fixedSteps,
    measurement: {
      ...measurement,
      batchSize: 32,
      examples: 1000,
      trainingSteps: 500,
      directionDraws: 32_768,
      drawsPerCall: 8,
    },
    further: { untilConverged },
  },
  medium: {
    ...f1,
    batchSizes: [100, 500, 1000, 2000, 5000],
    pairs: [
      [2, 5000],
      [3, 5000],
      [5, 5000],
    ],
    seeds: 1,
    trainExamples: 10_000,
    maxSteps: 0,
    maxExamples: 1_200_000,
    measurement: { ...measurement, examples: 10_000 },
    further: {},
  },
  paper: { ...f1, measurement, further: {} },
};

/** All sweeps of a configuration by name; the main one is `main`. */
export function sweepsOf(config: Config): readonly (readonly [string, Sweep])[] {
  return [['main', config], ...Object.entries(config.further)];
}

/** The pairs of α and batch size that a sweep trains, each once. */
export function gridOf({
  alphas,
  batchSizes,
  pairs,
}: Sweep): readonly (readonly [alpha: number, batchSize: number])[] {
  const all = [...alphas.flatMap((alpha) => batchSizes.map((size) => [alpha, size] as const)), ...pairs];
  return [...new Map(all.map((pair) => [pair.join(), pair])).values()];
}

/** Steps after which a run ends whatever its loss. */
export function stepLimit({ maxSteps, maxExamples }: Sweep, alpha: number, batchSize: number): number {
  const perStep = batchSize * (alpha === 1 || alpha === 0 ? 1 : 2);
  const limits = [maxSteps, maxExamples === 0 ? 0 : Math.ceil(maxExamples / perStep)];
  return Math.min(...limits.filter((limit) => limit > 0));
}

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
      require(Number.isFinite(alpha) &&
        Number.isInteger(batchSize) &&
        batchSize >
          0, `${at}alphas, batchSizes and pairs hold α = ${alpha} with B = ${batchSize}: α is a number, B a positive integer`);
    require(sweep.hidden.every(
      (units) => Number.isInteger(units) && units > 0,
    ), `${at}hidden is ${sweep.hidden.join(', ')}: give positive integers`);
    require(Object.hasOwn(
      initializers,
      sweep.initializer,
    ), `${at}initializer is '${sweep.initializer}': take one of ${Object.keys(initializers).join(', ')}`);
    require(['adam', 'sgd'].includes(
      sweep.optimizer,
    ), `${at}optimizer is '${sweep.optimizer}': take adam or sgd`);
    require(sweep.learningRate >= 0 &&
      sweep.momentum >= 0 &&
      sweep.momentum <
        1, `${at}learningRate is ${sweep.learningRate} and momentum ${sweep.momentum}: a rate of at least 0, a momentum in [0, 1)`);
    require(sweep.maxSteps > 0 ||
      sweep.maxExamples >
        0, `${at}maxSteps and maxExamples are both 0: one of them must limit a run that never converges`);
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
  require(measured.alphas.length === 0 ||
    (measured.batchSize > 0 &&
      measured.traceDraws > 1 &&
      measured.drawsPerCall >
        0), `measurement.batchSize, traceDraws and drawsPerCall are ${measured.batchSize}, ${measured.traceDraws} and ${measured.drawsPerCall}: all must be positive, and two draws are the least that have a variance`);
}

function naturals<T extends object>(at: string, owner: T, names: readonly (keyof T & string)[]): void {
  for (const name of names) {
    const value = owner[name] as number;
    require(Number.isInteger(value) && value >= 0, `${at}${name} is ${value}: give a natural number`);
  }
}

function require(condition: boolean, message: string): void {
  if (!condition) throw new LangevinError('CONFIG', `noise-enhancement: ${message}.`);
}
