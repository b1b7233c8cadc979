/** Trends of convergence times, of which some are only known to be above a cap. */
import { trend, type Trend } from '../../../stats/index.ts';
import type { Convergence } from './records.ts';

/**
 * A trend of convergence times. Within a block all runs count as stopped at the smallest cap that stopped one of them:
 * else a group with a higher cap would show longer times for that alone.
 */
export function convergenceTrend(blocks: readonly (readonly (readonly Convergence[])[])[]): Trend {
  return trend(blocks.map(withCommonCap), compareConvergence);
}

function withCommonCap(groups: readonly (readonly Convergence[])[]): Convergence[][] {
  const caps = groups.flat().flatMap(({ steps, censored }) => (censored ? [steps] : []));
  const cap = Math.min(...caps);
  return groups.map((group) =>
    group.map((run) => (run.censored || run.steps > cap ? { steps: cap, censored: true } : run)),
  );
}

/** Positive if the second took longer; 0 if they are equal or their order is unknown. */
export function compareConvergence(first: Convergence, second: Convergence): number {
  if (first.censored && second.censored) return 0;
  // One that converged by the other's cap was faster than it.
  if (first.censored) return second.steps <= first.steps ? -1 : 0;
  if (second.censored) return first.steps <= second.steps ? 1 : 0;
  return second.steps - first.steps;
}
