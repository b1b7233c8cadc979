/** What the noise of a network says about the paper's claims, each by a stated test. */
import { numericTrend } from '../../../stats/index.ts';
import { decideRising, fairCoinTail, formatP, LEVEL, undecided, type Decision } from '../../verdicts.ts';
import { ALPHA_RANGE } from '../../../stats/heavy-tails/estimate.ts';
import type { FitRecord } from '../transformer/records.ts';
import { aboveAllP } from '../shares.ts';
import type { DecidedClaim } from '../../claims.ts';
import { deviationOf, meanOf, type NetworkReadings, type Readings } from './readings.ts';

const dependence =
  'Parameters of one network share their minibatches, so they are not independent and the test is too sure.';

/** What papers.md, ht-1, asks at the smaller batch sizes: the share of parameters that a stable law describes better. */
const BETTER = 0.9;

/** HT-1, of one network: letters go on from `first`. */
export function fitClaims(network: NetworkReadings): readonly DecidedClaim[] {
  const { network: name, at } = network;
  const end = at('end');
  return [
    ...end.map((readings): DecidedClaim => ({
      letter: `a${readings.batchSize}`,
      short: `${name}, B = ${readings.batchSize}: the stable law describes the noise better`,
      statement: `After training, a stable law describes the noise of ${name} at B = ${readings.batchSize} better than a normal one.`,
      test:
        'The normal law is among the stable ones, so a gain Gauss-SSE/SαS-SSE counts if it is above that of every control. The probability of so many, if parameters and controls were alike, is that ' +
        `of the greatest of all being parameters; level ${LEVEL} divided by the number of batch sizes. ${dependence}`,
      ...decideGain(readings, end.length),
    })),
    {
      letter: 'b',
      short: `${name}: α̂ rises with B`,
      statement: 'The noise nears a normal law as B grows, as the central limit theorem has it: α̂ rises.',
      test: 'Trend of the mean α̂ of repeats over batch sizes, by permutation.',
      ...decideMeans(end),
    },
    {
      letter: 'c',
      short: `${name}: α̂ is lower after training than before`,
      statement:
        'Heavy tails come with training: at the start α̂ is nearer to 2. (From papers.md, not from the paper.)',
      test: "Mann and Whitney's test, by permutation, of the mean α̂ of repeats, at the same batch size.",
      ...decideTraining(network),
    },
  ];
}

const gain = ({ normalSse, stableSse }: FitRecord): number => normalSse / stableSse;

export function decideGain({ repeats }: Readings, tests: number): Decision {
  const fits = repeats.flatMap((each) => each.fits);
  const controls = repeats.flatMap((each) => each.controls);
  if (fits.length === 0 || controls.length === 0) return undecided('nothing was fitted yet.');
  const most = Math.max(...controls.map(gain));
  const above = fits.filter((fit) => gain(fit) > most).length;
  const p = aboveAllP(above, fits.length, controls.length);
  const better = fits.filter((fit) => gain(fit) > 1).length;
  const share = better / fits.length;
  const chi = fits.filter((fit) => fit.stableChi < fit.normalChi).length;
  const reason =
    `${above} of ${fits.length} parameters gain more than each of ${controls.length} controls (a factor of ${most.toFixed(3)}), p ${formatP(p)}; SαS-SSE is below Gauss-SSE in ${(100 * share).toFixed(1)} % ` +
    `(${share > BETTER ? 'above' : 'not above'} the ${100 * BETTER} % that papers.md asks for at B = 32 and 128), SαS-Chi2 below Gauss-Chi2 in ${((100 * chi) / fits.length).toFixed(1)} %.`;
  if (p <= LEVEL / tests) return { verdict: 'holds', reason };
  const worse = fits.filter((fit) => gain(fit) < 1).length;
  if (fairCoinTail(worse, fits.length) <= LEVEL / tests) return { verdict: 'does not hold', reason };
  return undecided(reason);
}

const meanAlphas = ({ repeats }: Readings): number[] =>
  repeats.map(({ fits }) => meanOf(fits, ({ alpha }) => alpha));

function decideMeans(end: readonly Readings[]): Decision {
  if (end.length < 2) return undecided('there is one batch size only.');
  return decideRising(numericTrend([end.map(meanAlphas)]));
}

function decideTraining({ at }: NetworkReadings): Decision {
  for (const start of at('start')) {
    const end = at('end').find(({ batchSize }) => batchSize === start.batchSize);
    if (!end) continue;
    const { verdict, reason } = decideRising(numericTrend([[meanAlphas(end), meanAlphas(start)]]));
    return { verdict, reason: `at B = ${start.batchSize}, ${reason}.` };
  }
  return undecided('no batch size was looked at both at the start and at the end.');
}

/** What papers.md, ht-3, calls wide. */
export const WIDE = 0.1;

/** HT-3, of one network. */
export function spreadClaims({ network, at }: NetworkReadings): readonly DecidedClaim[] {
  const [first] = at('end');
  return [
    {
      letter: 'a',
      short: `${network}: parameters differ in α`,
      statement: `The tail indices of the parameters of ${network} are not one number.`,
      test:
        'Controls are samples of the stable law with the mean α̂, which spread by the error of the estimate alone. ' +
        `Mann and Whitney's test, by permutation within repeats, of distances from the median: parameters against controls. ${dependence}`,
      ...(first ? decideSpread(first) : undecided('nothing was fitted yet.')),
    },
    {
      letter: 'b',
      short: `${network}: α̂ spreads by more than ${WIDE}`,
      statement: `The standard deviation of α̂ over parameters is above ${WIDE}, the number of papers.md.`,
      test: `Holds if it is in every repeat, does not hold if it is in none. Cannot be decided if (a) is not so, since then the spread may be that of the estimates, or if more than half of all fits stopped at the end of what is fitted.`,
      ...(first ? decideWide(first) : undecided('nothing was fitted yet.')),
    },
  ];
}

function decideSpread({ batchSize, repeats }: Readings): Decision {
  const blocks = repeats.map(({ fits, alike }) => [
    distances(alike),
    distances(fits.map(({ alpha }) => alpha)),
  ]);
  const { verdict, reason } = decideRising(numericTrend(blocks));
  return { verdict, reason: `at B = ${batchSize}, ${reason}.` };
}

/** From the median. */
function distances(values: readonly number[]): number[] {
  const middle = values.toSorted((a, b) => a - b)[values.length >> 1] as number;
  return values.map((value) => Math.abs(value - middle));
}

function decideWide(readings: Readings): Decision {
  const { batchSize, repeats } = readings;
  const alphas = repeats.map(({ fits }) => fits.map(({ alpha }) => alpha));
  const deviations = alphas.map(deviationOf);
  const reason = `at B = ${batchSize}: ${deviations.map((each) => each.toFixed(3)).join(', ')}.`;
  if (!deviations.some((each) => each > WIDE)) return { verdict: 'does not hold', reason };
  const all = alphas.flat();
  const atEnd = all.filter((alpha) => alpha <= ALPHA_RANGE[0] || alpha >= ALPHA_RANGE[1]).length;
  if (atEnd > all.length / 2)
    return undecided(
      `${atEnd} of ${all.length} fits stopped at ${ALPHA_RANGE.join(' or ')}, so the spread is of few: ${reason}`,
    );
  if (decideSpread(readings).verdict !== 'holds')
    return undecided(`the spread does not stand out from that of estimates, (a): ${reason}`);
  return deviations.every((each) => each > WIDE) ? { verdict: 'holds', reason } : undecided(reason);
}
