/**
 * How a claim about an order is decided: by the permutation test of Jonckheere and Terpstra for a trend
 * over ordered groups, at the level 0.05 in each direction. It asks nothing of the distribution of a measurement, takes
 * few initialisations for what they are, and lets a censored run say what it knows: that its convergence time is above
 * its cap, and nothing more.
 */
import { numericTrend, type Trend } from '../stats/index.ts';

export type Verdict = 'holds' | 'does not hold' | 'cannot be decided';

/** What was decided, and why, in words. */
export interface Decision {
  readonly verdict: Verdict;
  readonly reason: string;
}

/** The probability of finding a trend in one direction where there is none. */
export const LEVEL = 0.05;

/** Probabilities are sums of rounded fractions: 1/20 is at the level. */
export function isSignificant(p: number): boolean {
  return p <= LEVEL + 1e-9;
}

export function undecided(reason: string): Decision {
  return { verdict: 'cannot be decided', reason };
}

/** That a trend rises: it does, it falls instead, or neither is to be seen. */
export function decideRising(result: Trend): Decision {
  const { pRising, pFalling } = result;
  if (isSignificant(pRising)) return { verdict: 'holds', reason: describeTrend(result, pRising) };
  if (isSignificant(pFalling))
    return {
      verdict: 'does not hold',
      reason: `the trend is the opposite: ${describeTrend(result, pFalling)}`,
    };
  return undecided(`${shortage(result)}${describeTrend(result, pRising)}`);
}

/**
 * That values rise up to their best group, which lies between others, and fall from it on: two trends, both at the level
 * divided by the number of groups that could have been the best, since the data chose it.
 * @param groups at least three, in order; `peak` is the place of the best
 * @param best the best in words, for the reason; `where` what was looked at, if more is to be said
 */
export function decidePeak(
  groups: readonly (readonly number[])[],
  peak: number,
  best: string,
  where = '',
): Decision {
  const rise = numericTrend([groups.slice(0, peak + 1)]).pRising;
  const fall = numericTrend([groups.slice(peak)]).pFalling;
  const chances = groups.length - 2;
  const reason = `${best}; rise p ${formatP(rise)}, fall p ${formatP(fall)}, each to be multiplied by ${chances}${where && `; ${where}`}.`;
  return isSignificant(Math.max(rise, fall) * chances)
    ? { verdict: 'holds', reason }
    : undecided(`the rise or the fall does not stand out: ${reason}`);
}

/** Whether any outcome could have been significant. */
function shortage({ leastP, largest }: Trend): string {
  if (largest === 0) return 'nothing in these runs can be compared: ';
  return isSignificant(leastP)
    ? 'no trend stands out: '
    : `too few runs, since even a perfect order would have p ${formatP(leastP)}: `;
}

/** `S = 11 of at most 12, p = 0.012`. The most is known where all arrangements were counted. */
export function describeTrend({ score, largest, exact }: Trend, p: number): string {
  const value = score < 0 ? `−${-score}` : score;
  return exact
    ? `S = ${value} of at most ${largest}, p ${formatP(p)}`
    : `S = ${value}, p ${formatP(p)} by drawn permutations`;
}

/** `= 0.012`, or `< 0.001`. */
export function formatP(p: number): string {
  if (p < 0.0005) return '< 0.001';
  return `= ${p.toFixed(p >= 0.0995 ? 2 : 3)}`;
}

/** P(X ≥ successes) of so many fair coins. */
export function fairCoinTail(successes: number, count: number): number {
  let [term, tail] = [0.5 ** count, 0];
  for (let k = 0; k <= count; k++) {
    if (k >= successes) tail += term;
    term = (term * (count - k)) / (k + 1);
  }
  return tail;
}
