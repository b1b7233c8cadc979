/** What the tuner can be told: the training whose settings are looked for, and the steps of the heuristic. */
import type { SamplingMode } from '../../../data/index.ts';
import { LangevinError } from '../../../engine/index.ts';
import type { PresetName } from '../../types.ts';

export interface TunerConfig {
  /** Units of the hidden layers; ReLU, Glorot's initial values. */
  readonly hidden: readonly number[];
  /** Averages 2x2 blocks of pixels first. */
  readonly pool: boolean;
  /** Drawn by the seed, both from the training set: what is tuned must not see the test set. */
  readonly trainExamples: number;
  readonly validationExamples: number;
  /** The loss is the mean cross-entropy divided by it: 10 makes ε the printed one. */
  readonly lossDivisor: number;
  readonly sampling: SamplingMode;
  /** Of a training with ε = 1; with another ε as many more as it is smaller. */
  readonly steps: number;
  /** Initialisations that an accuracy is a mean over. */
  readonly repeats: number;
  readonly learningRates: readonly number[];
  readonly momentum: number;
  readonly smallest: number;
  /** 0 is the training set. */
  readonly largest: number;
  readonly poor: number;
}

const published: TunerConfig = {
  hidden: [800],
  pool: false,
  trainExamples: 50_000,
  validationExamples: 10_000,
  lossDivisor: 10,
  sampling: 'epoch-shuffle',
  steps: 10_000,
  repeats: 1,
  learningRates: [1, 0.1],
  momentum: 0.9,
  smallest: 8,
  largest: 8192,
  poor: 0.5,
};

const inSmall: TunerConfig = {
  ...published,
  hidden: [32],
  pool: true,
  trainExamples: 2000,
  validationExamples: 5000,
  steps: 1000,
  repeats: 3,
  smallest: 4,
  largest: 1000,
};

export const tunerPresets: Readonly<Record<PresetName, TunerConfig>> = {
  smoke: {
    ...inSmall,
    hidden: [16],
    trainExamples: 200,
    validationExamples: 200,
    steps: 40,
    repeats: 1,
    learningRates: [1],
    smallest: 8,
    largest: 40,
  },
  small: inSmall,
  medium: { ...published, trainExamples: 10_000, steps: 3000, largest: 2048 },
  paper: published,
};

/** @throws CONFIG naming the field */
export function checkTunerConfig(config: TunerConfig): void {
  const { trainExamples, validationExamples, steps, repeats, hidden, lossDivisor, largest } = config;
  for (const [name, value] of Object.entries({ trainExamples, validationExamples, steps, repeats }))
    if (!(Number.isInteger(value) && value > 0)) refuse(`${name} is ${value}: give a positive integer`);
  if (!hidden.every((units) => Number.isInteger(units) && units > 0))
    refuse(`hidden is ${hidden.join()}: give positive numbers of units`);
  if (!(lossDivisor > 0)) refuse(`lossDivisor is ${lossDivisor}: give a positive number`);
  if (!(Number.isInteger(largest) && largest >= 0 && largest <= trainExamples))
    refuse(`largest is ${largest}: give at most trainExamples, ${trainExamples}, or 0 for that`);
}

function refuse(message: string): never {
  throw new LangevinError('CONFIG', `bayes-sgd/tuner: ${message}.`);
}
