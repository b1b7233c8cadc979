/**
 * The claims of the paper, (a) to (f) of papers.md 1.3, held against the trainings of one network. Every function
 * takes the points measured so far and says which part of them it looked at.
 */
import { effectiveBatchSize } from '../../../optim/index.ts';
import { numericTrend } from '../../../stats/index.ts';
import { groupBy } from '../../spread.ts';
import { accuraciesOf, bestOf, convergenceOf, type Point, type Run } from './records.ts';
import { convergenceTrend } from './convergence.ts';
import {
  decidePeak,
  decideRising,
  describeTrend,
  fairCoinTail,
  formatP,
  isSignificant,
  undecided,
  type Decision,
} from '../../verdicts.ts';

export interface Claim {
  readonly letter: 'a' | 'b' | 'c' | 'd' | 'e' | 'f';
  /** In a few words, for a table. */
  readonly short: string;
  readonly statement: string;
  /** The test, in words. */
  readonly test: string;
  /** @param points of one network */
  decide(points: readonly Point[]): Decision;
}

/** How much less accurate, as a share, still counts as no worse in claim (e). */
export const MARGIN = 0.01;

export const claims: readonly Claim[] = [
  {
    letter: 'a',
    short: 'at a fixed B, steps rise with α',
    statement: 'At a fixed batch size, convergence takes more steps as α grows.',
    test: 'A trend of convergence times over α within each B, summed over all B.',
    decide: decideStepsRise,
  },
  {
    letter: 'b',
    short: 'at the largest B, accuracy rises with α, then falls',
    statement: 'At the largest batch size, accuracy rises with α up to a point, then falls.',
    test: 'A rising trend of accuracy up to the best α and a falling one from it on, both at the level divided by the number of α that could have been the best.',
    decide: decideUmbrella,
  },
  {
    letter: 'c',
    short: 'the best B grows with α',
    statement: 'The best batch size grows with α.',
    test: 'A trend over α of the most accurate batch size of each initialisation, among batch sizes that all α have.',
    decide: decideBestSizeRises,
  },
  {
    letter: 'd',
    short: 'at the best B, steps fall with α',
    statement: 'At the best batch size of each α, convergence takes fewer steps as α grows.',
    test: 'A falling trend over α of the convergence times, each at the most accurate batch size of its α and initialisation, so that a best batch size that is not well known shows as scatter.',
    decide: decideStepsFallAtBest,
  },
  {
    letter: 'e',
    short: 'the largest B enhanced is as accurate as the best B plain',
    statement:
      'The largest batch size with noise enhancement is as accurate as the best batch size without, or more.',
    test: `Mann and Whitney's test, between the best α at the largest B and the best B at α = 1: holds if the former is above the latter less ${100 * MARGIN} percentage point, does not hold if it is below the latter and the best α is not the largest, beyond which a better one may lie.`,
    decide: decideLargeBatch,
  },
  {
    letter: 'f',
    short: 'B_eff of the best α at the largest B is below the best B plain',
    statement:
      'Noise enhancement is not merely a smaller batch: at the best α of the largest batch size, B_eff lies below the best batch size without it.',
    test: "Mann and Whitney's test over initialisations, between the batch size of α = 1 nearest to B_eff of the best α and the best batch size of α = 1; does not hold if the former is above the latter, or if they are equal in so many initialisations that fair coins would not be, and the best α is not the largest.",
    decide: decideBeyondEffective,
  },
];

// ---- (a) ---------------------------------------------------------------------------------------------

function decideStepsRise(points: readonly Point[]): Decision {
  const sizes = [...groupBy(ascending(points), ({ batchSize }) => batchSize).values()].filter(
    (group) => group.length > 1,
  );
  if (sizes.length === 0) return undecided('no batch size was run with more than one α.');
  const censored = sizes.flat().reduce((sum, { runs, converged }) => sum + runs.length - converged, 0);
  const all = sizes.flat().reduce((sum, { runs }) => sum + runs.length, 0);
  if (censored === all) return undecided(allCensored(all));
  const blocks = sizes.map((group) => group.map(({ runs }) => runs.map(convergenceOf)));
  const { verdict, reason } = decideRising(convergenceTrend(blocks));
  const where = `B = ${listOf(sizes.map((group) => group[0]!.batchSize))}`;
  return { verdict, reason: `${reason}; ${where}${censoredNote(censored, all)}.` };
}

// ---- (b) ---------------------------------------------------------------------------------------------

function decideUmbrella(points: readonly Point[]): Decision {
  const largest = atLargest(points).filter(({ runs }) => accuraciesOf(runs).length > 0);
  const alphas = largest.map(({ alpha }) => alpha);
  if (alphas.length < 3)
    return undecided(
      `a rise and a fall need at least three α at the largest batch size, and there are ${alphas.length}.`,
    );
  const at = `B = ${largest[0]!.batchSize}, α = ${listOf(alphas)}`;
  const groups = largest.map(({ runs }) => accuraciesOf(runs));
  const peak = largest.indexOf(bestOf(largest) as Point);
  const best = `best at α = ${alphas[peak]}`;
  const whole = numericTrend([groups]);
  if (peak === 0)
    return isSignificant(whole.pFalling)
      ? {
          verdict: 'does not hold',
          reason: `accuracy falls from the first α on: ${describeTrend(whole, whole.pFalling)}; ${at}.`,
        }
      : undecided(`${best}, the smallest, and no fall stands out: p ${formatP(whole.pFalling)}; ${at}.`);
  if (peak === largest.length - 1)
    return undecided(
      `${best}, the largest, so that a fall, if there is one, lies beyond the grid; rise: p ${formatP(whole.pRising)}; ${at}.`,
    );
  return decidePeak(groups, peak, best, at);
}

// ---- (c) and (d) -------------------------------------------------------------------------------------

/** The points of every α with more than one batch size, at the batch sizes that all of these have. */
function comparableGrid(points: readonly Point[]): readonly (readonly Point[])[] {
  const rows = [...groupBy(ascending(points), ({ alpha }) => alpha).values()].filter((row) => row.length > 1);
  const common = rows
    .map((row) => new Set(row.map(({ batchSize }) => batchSize)))
    .reduce((a, b) => new Set([...a].filter((size) => b.has(size))), new Set(sizesOf(points)));
  return rows.map((row) => row.filter(({ batchSize }) => common.has(batchSize)));
}

/** What is missing for a comparison of best batch sizes, if anything. */
function gridShortage(rows: readonly (readonly Point[])[]): Decision | undefined {
  if (rows.length < 2) return undecided('fewer than two α were run with more than one batch size.');
  if ((rows[0]?.length ?? 0) < 2) return undecided('the α have fewer than two batch sizes in common.');
  return undefined;
}

function decideBestSizeRises(points: readonly Point[]): Decision {
  const rows = comparableGrid(points);
  const shortage = gridShortage(rows);
  if (shortage) return shortage;
  const groups = rows.map(bestSizes);
  const { verdict, reason } = decideRising(numericTrend([groups]));
  const means = rows.map((row) => `${bestOf(row)?.batchSize ?? 'none'} at α = ${row[0]!.alpha}`);
  return { verdict, reason: `${reason}; of the mean accuracy the best B is ${means.join(', ')}.` };
}

/** The most accurate batch size of every initialisation that was run with all of them. */
function bestSizes(row: readonly Point[]): number[] {
  return bestRuns(row).map(({ batchSize }) => batchSize);
}

/** The most accurate run of every initialisation that was run with all batch sizes. */
function bestRuns(row: readonly Point[]): Run[] {
  return [...accuracyByReplica(row)].flatMap(([replica, accuracies]) => {
    const { runs } = pointOfGreatest(row, accuracies);
    return runs.find((run) => run.replica === replica) ?? [];
  });
}

function decideStepsFallAtBest(points: readonly Point[]): Decision {
  const rows = comparableGrid(points);
  const shortage = gridShortage(rows);
  if (shortage) return shortage;
  const best = rows.map(bestRuns);
  const runs = best.flat();
  if (runs.length === 0) return undecided('no initialisation was run with all batch sizes.');
  const censored = runs.filter(({ outcome }) => outcome !== 'converged').length;
  if (censored === runs.length) return undecided(allCensored(runs.length));
  // Falling over α is rising over the α in descending order.
  const groups = best.map((group) => group.map(convergenceOf)).reverse();
  const { verdict, reason } = decideRising(convergenceTrend([groups]));
  const where = rows.map(
    (row, k) => `B = ${listOf(best[k]!.map(({ batchSize }) => batchSize))} for α = ${row[0]!.alpha}`,
  );
  return { verdict, reason: `${reason}; ${where.join('; ')}${censoredNote(censored, runs.length)}.` };
}

// ---- (e) and (f) -------------------------------------------------------------------------------------

function decideLargeBatch(points: readonly Point[]): Decision {
  const plain = bestOf(points.filter(({ alpha }) => alpha === 1));
  const enhanced = bestOf(atLargest(points).filter(({ alpha }) => alpha > 1));
  if (!plain) return undecided('nothing was run without noise enhancement, at α = 1.');
  if (!enhanced) return undecided('the largest batch size was not run with an α above 1.');
  const [without, with_] = [accuraciesOf(plain.runs), accuraciesOf(enhanced.runs)];
  const difference = 100 * (enhanced.accuracy.mean - plain.accuracy.mean);
  const what = `α = ${enhanced.alpha} at B = ${enhanced.batchSize} less α = 1 at B = ${plain.batchSize}: ${difference < 0 ? '−' : ''}${Math.abs(difference).toFixed(2)} points`;
  const below = numericTrend([[with_, without]]);
  if (isSignificant(below.pRising))
    return unlessLargest(points, enhanced.alpha, {
      verdict: 'does not hold',
      reason: `it is less accurate, p ${formatP(below.pRising)}; ${what}.`,
    });
  const noWorse = numericTrend([[without.map((accuracy) => accuracy - MARGIN), with_]]);
  if (isSignificant(noWorse.pRising))
    return {
      verdict: 'holds',
      reason: `it is no worse by ${100 * MARGIN} point, p ${formatP(noWorse.pRising)}; ${what}.`,
    };
  const few = isSignificant(noWorse.leastP)
    ? 'neither stands out'
    : `too few runs, since even a perfect order would have p ${formatP(noWorse.leastP)}`;
  return undecided(`${few}; ${what}.`);
}

function decideBeyondEffective(points: readonly Point[]): Decision {
  const plain = ascending(points).filter(({ alpha }) => alpha === 1);
  const largest = atLargest(points);
  if (plain.length < 2) return undecided('α = 1 was run with fewer than two batch sizes.');
  if (largest.length < 3) return undecided('the largest batch size was run with fewer than three α.');
  const plainByReplica = accuracyByReplica(plain);
  const largestByReplica = accuracyByReplica(largest);
  const replicas = [...plainByReplica.keys()].filter((replica) => largestByReplica.has(replica));
  if (replicas.length === 0) return undecided('no initialisation was run with all α and all batch sizes.');
  const best = replicas.map((replica) => pointOfGreatest(plain, plainByReplica.get(replica)!).batchSize);
  const effective = replicas.map((replica) => {
    const { alpha, batchSize } = pointOfGreatest(largest, largestByReplica.get(replica)!);
    return nearest(sizesOf(plain), effectiveBatchSize(batchSize, alpha));
  });
  const overall = bestOf(largest);
  const what = overall
    ? `of the mean accuracy the best α at B = ${overall.batchSize} is ${overall.alpha}, B_eff = ${effectiveBatchSize(overall.batchSize, overall.alpha).toFixed(1)}, and the best B at α = 1 is ${bestOf(plain)?.batchSize ?? 'none'}`
    : 'no run has an accuracy';
  const equal = replicas.filter((_, k) => best[k] === effective[k]).length;
  const equalP = fairCoinTail(equal, replicas.length);
  const bestAlpha = overall?.alpha ?? NaN;
  if (isSignificant(equalP))
    return unlessLargest(points, bestAlpha, {
      verdict: 'does not hold',
      reason: `they are equal in ${equal} of ${replicas.length} initialisations, p ${formatP(equalP)}; ${what}.`,
    });
  const { verdict, reason } = decideRising(numericTrend([[effective, best]]));
  return unlessLargest(points, bestAlpha, { verdict, reason: `${reason}; ${what}.` });
}

/** What a grid of α denies with its largest as the best, a larger one might confirm. */
function unlessLargest(points: readonly Point[], alpha: number, decision: Decision): Decision {
  if (decision.verdict !== 'does not hold' || alpha < (atLargest(points).at(-1)?.alpha ?? Infinity))
    return decision;
  return undecided(`the best α, ${alpha}, is the largest of this grid: ${decision.reason}`);
}

// ---- shared ------------------------------------------------------------------------------------------

/** In ascending order of α, then of B. */
function ascending(points: readonly Point[]): Point[] {
  return [...points].sort((a, b) => a.alpha - b.alpha || a.batchSize - b.batchSize);
}

function sizesOf(points: readonly Point[]): number[] {
  return points.map(({ batchSize }) => batchSize);
}

/** The points of the largest batch size that was run, by α. */
function atLargest(points: readonly Point[]): Point[] {
  const largest = Math.max(...sizesOf(points));
  return ascending(points).filter(({ batchSize }) => batchSize === largest);
}

/** The accuracies at all the points, of every initialisation that has them all. */
function accuracyByReplica(points: readonly Point[]): Map<number, number[]> {
  const replicas = [...new Set(points.flatMap(({ runs }) => runs.map(({ replica }) => replica)))];
  return new Map(
    replicas.flatMap((replica) => {
      const accuracies = points.flatMap(
        ({ runs }) => runs.find((run) => run.replica === replica)?.testAccuracy ?? [],
      );
      return accuracies.length === points.length ? [[replica, accuracies] as const] : [];
    }),
  );
}

function pointOfGreatest(points: readonly Point[], accuracies: readonly number[]): Point {
  return points[accuracies.indexOf(Math.max(...accuracies))] as Point;
}

/** The size nearest to `value` in ratio. */
function nearest(sizes: readonly number[], value: number): number {
  const distance = (size: number): number => Math.abs(Math.log(size / value));
  return sizes.reduce((a, b) => (distance(b) < distance(a) ? b : a));
}

function listOf(values: readonly number[]): string {
  return values.join(', ');
}

function allCensored(count: number): string {
  return `all ${count} runs were stopped by their cap, which only bounds their steps.`;
}

function censoredNote(censored: number, all: number): string {
  return censored === 0 ? '' : `; ${censored} of ${all} runs did not converge, and only bound their steps`;
}
