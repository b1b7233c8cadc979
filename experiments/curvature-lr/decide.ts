/** Tests that several figures of the study share: of a slope on logarithmic axes, and of two lists of numbers. */
import { numericTrend } from '../../stats/index.ts';
import { powerLaw } from '../power-law.ts';
import { rangeOf } from '../repeats.ts';
import { decideRising, undecided, type Decision } from '../verdicts.ts';

/** Slopes from the first to the second count as the law's. */
export type Band = readonly [low: number, high: number];

/** papers.md, row grad-law. */
export const HALF: Band = [-0.55, -0.45];
export const ONE: Band = [-1.1, -0.9];

export function bandTest(what: string, [low, high]: Band): string {
  return (
    `The 95 % interval of the slope of ln ${what} over ln n, by least squares over all initialisations: ` +
    `holds if it lies within ${minus(low)} to ${minus(high)}, does not hold if it lies outside.`
  );
}

/** @param points batch size and length, of every initialisation */
export function decideSlope(points: readonly (readonly [number, number])[], [from, to]: Band): Decision {
  const law = powerLaw(points.filter(([, y]) => y > 0));
  if (!law) return undecided('a slope needs two batch sizes, and fewer were measured.');
  const [low, high] = law.interval;
  const scatter = Number.isFinite(low) ? `, ${minus(low)} to ${minus(high)}` : ', without an interval';
  const reason = `slope ${minus(law.slope)}${scatter}, of ${law.points} points.`;
  if (low >= from && high <= to) return { verdict: 'holds', reason };
  if (high < from || low > to) return { verdict: 'does not hold', reason };
  return undecided(reason);
}

/** Mann and Whitney's test by permutation: that the second numbers are greater. */
export function decideGreater(
  [firstName, first]: readonly [string, readonly number[]],
  [secondName, second]: readonly [string, readonly number[]],
  digits = 3,
): Decision {
  if (first.length === 0 || second.length === 0)
    return undecided(`${first.length === 0 ? firstName : secondName} was not measured.`);
  const { verdict, reason } = decideRising(numericTrend([[first, second]]));
  return {
    verdict,
    reason: `${reason}; ${firstName} ${rangeOf(first, digits)}, ${secondName} ${rangeOf(second, digits)}.`,
  };
}

export function minus(value: number, digits = 3): string {
  return value.toFixed(digits).replace('-', '−');
}
