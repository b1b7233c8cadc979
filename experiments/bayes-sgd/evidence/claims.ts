/** The claims of section 2 of the paper (papers.md 3.1, BS-1), each about one repeat, held against all of them. */
import { undecided, type Decision } from '../../verdicts.ts';
import { decideByRepeats, rangeOf } from '../../repeats.ts';
import { argmin, correlation, type Fit, type Sweep } from './records.ts';
import type { TaskName } from './task.ts';

export interface EvidenceClaim {
  readonly letter: string;
  /** In a few words, for a table. */
  readonly short: string;
  /** What has to be true of a repeat. */
  readonly test: string;
  decide(sweeps: readonly Sweep[]): Decision;
}

/** E may fall so far below 0 on random labels: of independent labels E is 0 to first order, and scatters. */
const CHANCE = 1;
/** Nats: what counts as large. */
const LARGE = 10;
const LEAST_CORRELATION = 0.9;

export const evidenceClaims: readonly EvidenceClaim[] = [
  {
    letter: 'a',
    short: 'with a weak prior both tasks are memorised',
    test: 'At the smallest λ every training example is classified correctly, of both tasks.',
    decide: ofBoth(
      (random, informative) => first(random).trainAccuracy === 1 && first(informative).trainAccuracy === 1,
      (pairs) => `training accuracies are ${rangeOf(pairs.flat().map((fits) => first(fits).trainAccuracy))}.`,
    ),
  },
  {
    letter: 'b',
    short: 'informative labels generalise, random ones do not',
    test: 'At the λ of the least test cross-entropy, the test accuracy of informative labels is above that of coins by more than three standard errors, and that of random labels nowhere is.',
    decide: ofBoth(
      (random, informative) =>
        aboveChance(informative[argmin(informative, testLoss)]!) && !random.some(aboveChance),
      (pairs) =>
        `informative ${rangeOf(pairs.map(([, fits]) => fits[argmin(fits, testLoss)]!.testAccuracy))}, random at most ${rangeOf(pairs.map(([fits]) => Math.max(...fits.map(({ testAccuracy }) => testAccuracy))))}.`,
    ),
  },
  {
    letter: 'c',
    short: 'the test cross-entropy explodes for small λ and tends to ln 2 for large',
    test: 'Of both tasks it is above 2 ln 2 at the smallest λ, and within 0.01 of ln 2 at the largest.',
    decide: ofBoth(
      (...tasks) =>
        tasks.every(
          (fits) => testLoss(first(fits)) > 2 * Math.LN2 && Math.abs(testLoss(last(fits)) - Math.LN2) < 0.01,
        ),
      (pairs) =>
        `${rangeOf(pairs.flat().map((fits) => testLoss(first(fits))))} at the smallest λ, ${rangeOf(pairs.flat().map((fits) => testLoss(last(fits))))} at the largest.`,
    ),
  },
  {
    letter: 'd',
    short: 'at small λ the evidence is strongly against both models',
    test: `At the smallest λ the log evidence ratio in favour of the null is above ${LARGE} nats, of both tasks.`,
    decide: ofBoth(
      (...tasks) => tasks.every((fits) => first(fits).logRatio > LARGE),
      (pairs) =>
        `random ${rangeOf(pairs.map(([fits]) => first(fits).logRatio))}, informative ${rangeOf(pairs.map(([, fits]) => first(fits).logRatio))}.`,
    ),
  },
  {
    letter: 'e',
    short: 'random labels are never believed',
    test: `The ratio never falls below −${CHANCE}. The paper says that it is always positive, which can hold only approximately: to first order its mean is 0 at large λ, and it scatters.`,
    decide: ofOne(
      'random',
      (fits) => leastRatio(fits) > -CHANCE,
      (all) => `the least ratios are ${rangeOf(all.map(leastRatio))}.`,
    ),
  },
  {
    letter: 'f',
    short: 'informative labels are believed at some λ',
    test: 'The ratio falls below 0.',
    decide: ofOne(
      'informative',
      (fits) => leastRatio(fits) < 0,
      (all) => `the least ratios are ${rangeOf(all.map(leastRatio))}.`,
    ),
  },
  {
    letter: 'g',
    short: 'evidence and test cross-entropy are best at the same λ',
    test: 'On informative labels the two minima lie at most one step of the grid apart.',
    decide: ofOne(
      'informative',
      (fits) => Math.abs(argmin(fits, ratio) - argmin(fits, testLoss)) <= 1,
      (all) =>
        `the evidence is best at λ = ${all.map((fits) => fits[argmin(fits, ratio)]!.lambda.toPrecision(2)).join(', ')}, the test cross-entropy at ${all.map((fits) => fits[argmin(fits, testLoss)]!.lambda.toPrecision(2)).join(', ')}.`,
    ),
  },
  {
    letter: 'h',
    short: 'evidence and test cross-entropy are strongly correlated',
    test: `On informative labels Pearson's correlation of the two over λ is above ${LEAST_CORRELATION}.`,
    decide: ofOne(
      'informative',
      (fits) => ratioCorrelation(fits) > LEAST_CORRELATION,
      (all) => `correlations are ${rangeOf(all.map(ratioCorrelation))}.`,
    ),
  },
];

/** Over λ, of E and the test cross-entropy. */
export function ratioCorrelation(fits: readonly Fit[]): number {
  return correlation(fits.map((fit) => [fit.logRatio, fit.testCrossEntropy]));
}

export function leastRatio(fits: readonly Fit[]): number {
  return Math.min(...fits.map(ratio));
}

type Fits = readonly Fit[];

function ofOne(
  task: TaskName,
  isTrue: (fits: Fits) => boolean,
  what: (all: readonly Fits[]) => string,
): EvidenceClaim['decide'] {
  return (sweeps) => {
    const all = sweeps.filter((sweep) => sweep.task === task).map(({ fits }) => fits);
    if (all.length === 0) return undecided('nothing was measured.');
    return decideByRepeats(all.map(isTrue), what(all));
  };
}

function ofBoth(
  isTrue: (random: Fits, informative: Fits) => boolean,
  what: (pairs: readonly (readonly [random: Fits, informative: Fits])[]) => string,
): EvidenceClaim['decide'] {
  return (sweeps) => {
    const pairs = sweeps
      .filter(({ task }) => task === 'random')
      .flatMap(({ repeat, fits }) => {
        const other = sweeps.find((sweep) => sweep.task === 'informative' && sweep.repeat === repeat);
        return other ? [[fits, other.fits] as const] : [];
      });
    if (pairs.length === 0) return undecided('no repeat has both tasks.');
    return decideByRepeats(
      pairs.map(([random, informative]) => isTrue(random, informative)),
      what(pairs),
    );
  };
}

/** By three standard errors of as many coins. */
function aboveChance({ testAccuracy, testExamples }: Fit): boolean {
  return testAccuracy - 0.5 > 3 * Math.sqrt(0.25 / testExamples);
}

function ratio({ logRatio }: Fit): number {
  return logRatio;
}

function testLoss({ testCrossEntropy }: Fit): number {
  return testCrossEntropy;
}

function first(fits: Fits): Fit {
  return fits[0]!;
}

function last(fits: Fits): Fit {
  return fits.at(-1)!;
}
