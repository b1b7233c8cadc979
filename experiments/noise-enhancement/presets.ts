/** The sizes of the noise-enhancement experiment: papers.md 1.3. */
import type { PresetName } from '../types.ts';
import type { Config, Measurement, Sweep } from './config.ts';

/** The published recipe: F1 until the training loss is below L**, 13 batch sizes, then α up to 11 at B = 5000. */
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
