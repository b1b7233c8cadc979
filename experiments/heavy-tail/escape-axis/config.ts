/** HT-7: which walks are made. Everything is plain data. */
import { check, checkCounts, checkPositive } from '../../checks.ts';
import type { PresetName } from '../../types.ts';
import { checkReach } from '../levy-walk.ts';

export interface AxisConfig {
  /** α₁, of the noise along the first axis. */
  readonly alphas: readonly number[];
  /** Δ: the noise along the second axis has α₂ = α₁ + Δ. Pairs with α₂ > 2 are left out, there is no such law. */
  readonly gaps: readonly number[];
  /** Walks of every pair. */
  readonly runs: number;
  readonly learningRate: number;
  /** σ, of both axes. */
  readonly scale: number;
  /** A walk has escaped when it is so far from the minimum. */
  readonly radius: number;
  readonly maxSteps: number;
}

/**
 * papers.md 5.3. Published are α₁ = 0.55 with α₂ = 1.05, "three Δ, four α₁" and 1000 seeds; the rate, σ, the radius and the other α are
 * unspecified there. `paper` has four α₁ and 1000 walks, the other presets the grid of the prototype.
 */
const base: AxisConfig = {
  alphas: [0.3, 0.55, 0.8, 1.05, 1.3],
  gaps: [0.25, 0.5, 0.75],
  runs: 1000,
  learningRate: 0.01,
  scale: 0.05,
  radius: 0.5,
  maxSteps: 100_000,
};

export const presets: Readonly<Record<PresetName, AxisConfig>> = {
  smoke: { ...base, alphas: [0.55], gaps: [0.25, 0.5], runs: 200 },
  small: base,
  medium: { ...base, runs: 10_000 },
  paper: { ...base, alphas: [0.3, 0.55, 0.8, 1.05] },
};

export interface AxisPair {
  readonly alpha1: number;
  readonly alpha2: number;
  readonly gap: number;
}

const what = 'heavy-tail/figure3';

/** Every α₁ with every Δ that has a law. Sums are rounded to 1e-9, so that 0.55 + 0.5 is 1.05. @throws CONFIG */
export function pairsOf(config: AxisConfig): readonly AxisPair[] {
  const { alphas, gaps, runs, learningRate, scale, radius, maxSteps } = config;
  for (const alpha of alphas)
    check(what, alpha > 0 && alpha <= 2, `alphas holds ${alpha}: a stable law has an α in (0, 2]`);
  for (const gap of gaps)
    check(what, gap > 0, `gaps holds ${gap}: the second axis has the lighter tail, by a positive Δ`);
  checkCounts(what, { runs, maxSteps });
  checkPositive(what, { learningRate, scale, radius });
  for (const alpha of alphas) checkReach(what, alpha, config);
  const pairs = alphas.flatMap((alpha1) =>
    gaps
      .map((gap) => ({ alpha1, gap, alpha2: Math.round((alpha1 + gap) * 1e9) / 1e9 }))
      .filter(({ alpha2 }) => alpha2 <= 2),
  );
  check(
    what,
    pairs.length > 0,
    `alphas ${alphas.join(', ')} and gaps ${gaps.join(', ')} make no pair up to 2`,
  );
  return pairs;
}
