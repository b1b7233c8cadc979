/**
 * What the experiments of section 4 of the paper can be told: one recipe of training, and series of trainings that differ in
 * their batch size alone. Learning rates are as printed. With the mean cross-entropy they do not train (papers.md 3.3): the
 * published loss must have been a mean over the 10 classes as well, hence `lossDivisor` 10; ε of the mean cross-entropy is a tenth.
 */
import type { SamplingMode } from '../../../data/index.ts';
import { check, checkCounts, natural } from '../../checks.ts';

/** Trainings of several batch sizes, all else being equal. A type and no interface, so that it is JSON. */
export type Series = {
  /** ε, as printed. */
  readonly learningRate: number;
  /** m. */
  readonly momentum: number;
  /** N: the first so many of a seeded permutation. */
  readonly trainExamples: number;
  /** λ, of |w|²/2 beside the *sum* of the losses. */
  readonly lambda: number;
  readonly steps: number;
  readonly batchSizes: readonly number[];
};

export interface ScalingConfig {
  /** Units of the hidden layers; ReLU, Glorot's initial values. */
  readonly hidden: readonly number[];
  /** Averages 2x2 blocks of pixels first. */
  readonly pool: boolean;
  /** 0 takes all. */
  readonly testExamples: number;
  /** The loss is the mean cross-entropy divided by it. */
  readonly lossDivisor: number;
  readonly sampling: SamplingMode;
  /** Initialisations of every batch size. */
  readonly repeats: number;
  /** Steps between measurements on the test set; 0 is only at the end. */
  readonly testEvery: number;
  /** The law of B_opt is claimed for values of its variable in this range, ends included; a `lawTo` of 0 is no limit. */
  readonly lawFrom: number;
  readonly lawTo: number;
  readonly series: readonly Series[];
}

const MODES: readonly SamplingMode[] = ['iid-with-replacement', 'without-replacement', 'epoch-shuffle'];

const what = 'bayes-sgd';

/** @throws CONFIG for a configuration that makes no sense, naming the field */
export function checkScalingConfig(config: ScalingConfig): void {
  const { hidden, testExamples, lossDivisor, sampling, repeats, testEvery, series, lawFrom, lawTo } = config;
  check(what, hidden.every(count), `hidden is ${hidden.join()}: give positive numbers of units`);
  check(what, natural(testExamples), `testExamples is ${testExamples}: give a natural number, 0 for all`);
  check(what, lossDivisor > 0, `lossDivisor is ${lossDivisor}: give a positive number, 10 for ε as printed`);
  check(what, MODES.includes(sampling), `sampling is '${sampling}': take one of ${MODES.join(', ')}`);
  checkCounts(what, { repeats });
  check(what, natural(testEvery), `testEvery is ${testEvery}: give a natural number, 0 for only at the end`);
  check(what, lawTo === 0 || lawFrom <= lawTo, `lawFrom is ${lawFrom} and lawTo ${lawTo}: give a range`);
  check(what, series.length > 0, 'series is empty: give some');
  series.forEach((each, k) => checkSeries(`series.${k}.`, each));
}

function checkSeries(at: string, series: Series): void {
  const { learningRate, momentum, trainExamples, lambda, steps, batchSizes } = series;
  check(what, learningRate > 0, `${at}learningRate is ${learningRate}: give a positive number`);
  check(what, momentum >= 0 && momentum < 1, `${at}momentum is ${momentum}: give 0 ≤ m < 1`);
  checkCounts(what, { [`${at}trainExamples`]: trainExamples });
  check(what, lambda >= 0 && lambda < Infinity, `${at}lambda is ${lambda}: give a number of at least 0`);
  checkCounts(what, { [`${at}steps`]: steps });
  check(what, batchSizes.length > 0, `${at}batchSizes is empty: give some`);
  for (const size of batchSizes)
    check(
      what,
      count(size) && size <= trainExamples,
      `${at}batchSizes holds ${size}: give integers from 1 to trainExamples, ${trainExamples}`,
    );
}

function count(value: number): boolean {
  return natural(value) && value > 0;
}
