/**
 * Claims about single repeats: of each repeat a claim is true or false. It is said to hold if it is true in so many of them that
 * fair coins would not be (at the level 0.05, five of five), not to hold if it is false in so many, and else nothing is said.
 */
import { fairCoinTail, formatP, isSignificant, undecided } from './verdicts.ts';
import type { Decision } from './verdicts.ts';

/** @param what was seen, in words, after the count */
export function decideByRepeats(outcomes: readonly boolean[], what: string): Decision {
  const count = outcomes.length;
  const right = outcomes.filter(Boolean).length;
  const reason = (p: number): string => `true in ${right} of ${count} repeats, p ${formatP(p)}; ${what}`;
  if (count === 0) return undecided('nothing was measured.');
  const [holds, fails] = [fairCoinTail(right, count), fairCoinTail(count - right, count)];
  if (isSignificant(holds)) return { verdict: 'holds', reason: reason(holds) };
  if (isSignificant(fails)) return { verdict: 'does not hold', reason: reason(fails) };
  const few = isSignificant(0.5 ** count) ? '' : 'too few repeats: ';
  return undecided(few + reason(holds));
}

/** Smallest and largest of some numbers: `−13.4 to −7.80`. */
export function rangeOf(values: readonly number[], digits = 3): string {
  const text = (value: number): string => value.toPrecision(digits).replace('-', '−');
  return values.length === 0 ? 'none' : `${text(Math.min(...values))} to ${text(Math.max(...values))}`;
}
