/** The claims about figures 4 to 7: BS-3 to BS-6 of papers.md 3.3. */
import { numericTrend } from '../../../stats/index.ts';
import { decidePeak, decideRising, undecided, type Decision } from '../../verdicts.ts';
import type { ScalingConfig } from './config.ts';
import { claimed, type Variable } from './law.ts';
import { accuraciesOf, bestOf, bestSizes, type MeasuredSeries, type Point } from './records.ts';
import { powerLaw, type PowerLaw } from '../../power-law.ts';

/** What a claim is held against. */
export interface Evidence {
  readonly series: readonly MeasuredSeries[];
  readonly config: Partial<Pick<ScalingConfig, 'lawFrom' | 'lawTo'>>;
}

export interface ScalingClaim {
  readonly letter: string;
  /** In a few words, for a table. */
  readonly short: string;
  /** The test, in words. */
  readonly test: string;
  decide(evidence: Evidence): Decision;
}

/** A slope within it is that of proportionality: papers.md 3.3. */
export const BAND: readonly [low: number, high: number] = [0.7, 1.4];

/** Figure 4. */
export const overBatchSize: readonly ScalingClaim[] = [
  {
    letter: 'a',
    short: 'the smallest batches fail',
    test: 'Mann and Whitney’s test: that the test accuracy at the smallest batch size is below half of that at the best.',
    decide: ofFirst(smallestFails),
  },
  {
    letter: 'b',
    short: 'test accuracy peaks at an intermediate batch size',
    test: 'A rising trend of test accuracy over the batch sizes up to the best one and a falling one from it on, both at the level divided by the number of batch sizes that could have been the best.',
    decide: ofFirst(peaks),
  },
];

/** Figures 5 to 7. */
export function lawClaims(variable: Variable): readonly ScalingClaim[] {
  const { phrase } = variable;
  return [
    {
      letter: 'a',
      short: `the best batch size grows with ${phrase}`,
      test: `A trend over ${phrase} of the most accurate batch size of each initialisation.`,
      decide: ({ series, config }) => grows(claimed(series, variable, config), variable),
    },
    {
      letter: 'b',
      short: `it is proportional to ${phrase}`,
      test:
        `The 95 % interval of the slope of ln B_opt over ln ${variable.symbol}, by least squares over the most accurate batch size of each initialisation: ` +
        `holds if it lies within ${BAND.join(' to ')}, does not hold if it lies outside. Series whose best batch size is at an end of their grid are left out, since B_opt may lie beyond it.`,
      decide: ({ series, config }) => proportional(claimed(series, variable, config), variable),
    },
    {
      letter: 'c',
      short: 'test accuracy peaks at an intermediate batch size, throughout',
      test: 'Of every series, a rising trend of test accuracy up to the best batch size and a falling one from it on, as for figure 4.',
      decide: ({ series, config }) => peaksThroughout(claimed(series, variable, config), variable),
    },
  ];
}

/** Figure 5 has one more. */
export const collapse: ScalingClaim = {
  letter: 'd',
  short: 'learning rates above 3 do worse, whatever the batch size',
  test: 'Mann and Whitney’s test: that the test accuracy at the best batch size of the largest ε, if that is above 3, is below that of ε = 1.',
  decide: ({ series }) => {
    const largest = series.at(-1);
    const one = series.find(({ learningRate }) => learningRate === 1);
    if (!largest || !one || largest.learningRate <= 3)
      return undecided('ε = 1 and an ε above 3 did not come to their end both.');
    const [low, high] = [bestAccuracies(largest), bestAccuracies(one)];
    if (low.length === 0 || high.length === 0) return undecided('everything diverged at one of the two.');
    const { verdict, reason } = decideRising(numericTrend([[low, high]]));
    const mean = (values: readonly number[]): string =>
      ((100 * values.reduce((sum, x) => sum + x, 0)) / values.length).toFixed(1);
    return {
      verdict,
      reason: `${reason}; ${mean(low)} % at ε = ${largest.learningRate}, ${mean(high)} % at ε = 1.`,
    };
  },
};

// ---- one series ----------------------------------------------------------------------------------------

function ofFirst(decide: (series: MeasuredSeries) => Decision): ScalingClaim['decide'] {
  return ({ series }) => (series[0] ? decide(series[0]) : undecided('no training came to its end.'));
}

function smallestFails(series: MeasuredSeries): Decision {
  const best = bestOf(series)?.point;
  const smallest = series.points[0];
  if (!best || !smallest || best === smallest)
    return undecided('no batch size is smaller than the best one.');
  // What diverged has failed: it counts as 0.
  const low = smallest.runs.map(({ testAccuracy }) => testAccuracy ?? 0);
  const half = accuraciesOf(best.runs).map((accuracy) => accuracy / 2);
  const { verdict, reason } = decideRising(numericTrend([[low, half]]));
  const accuracy = low.reduce((sum, x) => sum + x, 0) / low.length;
  return {
    verdict,
    reason: `${reason}; ${(100 * accuracy).toFixed(1)} % at B = ${smallest.batchSize}, ${(100 * best.accuracy.mean).toFixed(1)} % at B = ${best.batchSize}.`,
  };
}

function peaks(series: MeasuredSeries): Decision {
  const points = series.points.filter(({ runs }) => accuraciesOf(runs).length > 0);
  const best = bestOf({ points })?.point;
  if (!best || points.length < 3)
    return undecided(
      `a rise and a fall need at least three batch sizes, and ${points.length} came to their end.`,
    );
  const groups = points.map(({ runs }) => accuraciesOf(runs));
  const at = points.indexOf(best);
  const where = `best at B = ${best.batchSize} of ${points.map(({ batchSize }) => batchSize).join(', ')}`;
  if (at === 0 || at === points.length - 1)
    return undecided(`${where}, an end of the grid, beyond which the peak may lie.`);
  return decidePeak(groups, at, where);
}

function bestAccuracies(series: MeasuredSeries): number[] {
  const best: Point | undefined = bestOf(series)?.point;
  return best ? accuraciesOf(best.runs) : [];
}

// ---- the law -------------------------------------------------------------------------------------------

/** Whether the best batch size lies between two others, and so is one. */
export function isInterior(series: MeasuredSeries): boolean {
  const best = bestOf(series);
  return best?.below !== undefined && best.above !== undefined;
}

/** Over the series with an interior best; undefined for fewer than two. */
export function lawOf(series: readonly MeasuredSeries[], variable: Variable): PowerLaw | undefined {
  return powerLaw(
    series
      .filter(isInterior)
      .flatMap((each) => bestSizes(each).map((size) => [variable.of(each), size] as const)),
  );
}

function grows(series: readonly MeasuredSeries[], variable: Variable): Decision {
  if (series.length < 2) return undecided(tooFew(series, variable));
  const { verdict, reason } = decideRising(numericTrend([series.map(bestSizes)]));
  return { verdict, reason: `${reason}; ${bestText(series, variable)}.` };
}

function proportional(series: readonly MeasuredSeries[], variable: Variable): Decision {
  const law = lawOf(series, variable);
  const used = series.filter(isInterior);
  if (!law || used.length < 2) return undecided(tooFew(used, variable));
  const [low, high] = law.interval;
  const [from, to] = BAND;
  const left = series.length - used.length;
  const reason =
    `slope ${law.slope.toFixed(2)}, ${low.toFixed(2)} to ${high.toFixed(2)}, over ${used.length} values of ${variable.symbol}` +
    (left === 0 ? '.' : `; ${left} left out, whose best batch size is at an end of the grid.`);
  if (low >= from && high <= to) return { verdict: 'holds', reason };
  if (high < from || low > to) return { verdict: 'does not hold', reason };
  return undecided(reason);
}

function peaksThroughout(series: readonly MeasuredSeries[], variable: Variable): Decision {
  if (series.length === 0) return undecided(tooFew(series, variable));
  const verdicts = series.map((each) => ({ ...peaks(each), value: variable.of(each) }));
  const missing = verdicts.filter(({ verdict }) => verdict !== 'holds');
  if (missing.length === 0)
    return { verdict: 'holds', reason: `for all ${series.length} values of ${variable.symbol}.` };
  return undecided(
    missing
      .map(({ value, reason }) => `${variable.symbol} = ${value}: ${reason.replace(/\.$/, '')}`)
      .join('; ') + '.',
  );
}

function bestText(series: readonly MeasuredSeries[], variable: Variable): string {
  const parts = series.map(
    (each) => `${bestOf(each)?.point.batchSize ?? 'none'} at ${variable.symbol} = ${variable.of(each)}`,
  );
  return `of the mean accuracy the best B is ${parts.join(', ')}`;
}

function tooFew(series: readonly MeasuredSeries[], variable: Variable): string {
  return `a law needs at least two values of ${variable.symbol} with a best batch size, and there are ${series.length}.`;
}
