/** Tests about shares: how many of so many walks did one thing. Counts are hundreds, so normal approximations serve. */
import { stableCdf } from '../../stats/index.ts';

/** `successes` of `runs`. */
export interface Share {
  readonly successes: number;
  readonly runs: number;
}

/** The share and its standard error, from (s + 1/2)/(n + 1) so that it is not 0 where all or none succeeded. */
export function shareCell({ successes, runs }: Share): { readonly value: number; readonly error: number } {
  const smoothed = (successes + 0.5) / (runs + 1);
  return { value: successes / runs, error: Math.sqrt((smoothed * (1 - smoothed)) / runs) };
}

/** P(Z ≥ z) of the normal law. */
export function normalTail(z: number): number {
  return stableCdf(-z * Math.SQRT2, 2);
}

/**
 * Do shares rise with x? Cochran and Armitage's trend, summed over blocks that are compared only within themselves (Mantel 1963):
 * T = Σ x (s - n p̄), Var T = Σ_blocks p̄(1 - p̄)[Σ n x² - (Σ n x)²/Σ n]. NaN where no share differs from any other.
 *
 * @returns z, positive for a rise
 */
export function shareTrend(blocks: readonly (readonly (Share & { readonly x: number })[])[]): number {
  let [score, variance] = [0, 0];
  for (const block of blocks) {
    const sum = (of: (share: Share & { readonly x: number }) => number): number =>
      block.reduce((total, share) => total + of(share), 0);
    const runs = sum((share) => share.runs);
    if (runs === 0) continue;
    const p = sum(({ successes }) => successes) / runs;
    score += sum(({ x, successes, runs: n }) => x * (successes - n * p));
    variance +=
      p * (1 - p) * (sum(({ x, runs: n }) => n * x * x) - sum(({ x, runs: n }) => n * x) ** 2 / runs);
  }
  return score / Math.sqrt(variance);
}

/** z of the difference of two independent shares, each with its own variance. */
export function shareDifference(a: Share, b: Share): number {
  const [first, second] = [shareCell(a), shareCell(b)];
  return (first.value - second.value) / Math.hypot(first.error, second.error);
}

/**
 * The probability that `above` or more of `count` numbers exceed every one of `controls` others, if all are drawn from one law: the greatest
 * `above` of them all are then none of the controls.
 */
export function aboveAllP(above: number, count: number, controls: number): number {
  let p = 1;
  for (let k = 0; k < above; k++) p *= (count - k) / (count + controls - k);
  return p;
}
