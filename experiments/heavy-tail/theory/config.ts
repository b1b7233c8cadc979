/** What of HT's theory is computed and simulated. Everything is plain data. */
import { check, checkCounts, checkPositive } from '../../checks.ts';
import type { PresetName } from '../../types.ts';
import { checkReach } from '../levy-walk.ts';

export interface TheoryConfig {
  /** Of the noise in one dimension: walks in U = h w²/2 until |w| > R. */
  readonly alphas: readonly number[];
  readonly runs: number;
  /** h. */
  readonly curvature: number;
  readonly learningRate: number;
  /** σ. */
  readonly scale: number;
  /** R. */
  readonly radius: number;
  readonly maxSteps: number;
  /** Stable numbers of α = 1.5 whose tail beyond 50 is counted. */
  readonly draws: number;
  /** The hazard a t^{κ-1} whose mean is simulated, and from how many times. */
  readonly hazard: number;
  readonly kappa: number;
  readonly hazardDraws: number;
}

/** papers.md, row levy-sde: 2000 runs. */
const base: TheoryConfig = {
  alphas: [0.55, 0.8, 1.05, 1.3, 1.5],
  runs: 2000,
  curvature: 5,
  learningRate: 0.01,
  scale: 0.05,
  radius: 0.5,
  maxSteps: 200_000,
  draws: 2_000_000,
  hazard: 0.3,
  kappa: 0.75,
  hazardDraws: 100_000,
};

export const presets: Readonly<Record<PresetName, TheoryConfig>> = {
  smoke: { ...base, alphas: [0.55, 0.8], runs: 300, draws: 500_000, hazardDraws: 20_000 },
  small: base,
  medium: { ...base, runs: 10_000, draws: 10_000_000, hazardDraws: 1_000_000 },
  paper: { ...base, runs: 10_000, draws: 10_000_000, hazardDraws: 1_000_000 },
};

const what = 'heavy-tail/theory';

/** @throws CONFIG for a configuration that makes no sense, naming the field */
export function checkConfig(config: TheoryConfig): void {
  const { alphas, runs, maxSteps, draws, hazardDraws, ...positive } = config;
  check(what, alphas.length > 0, 'alphas is empty: name at least one');
  for (const alpha of alphas)
    check(what, alpha > 0 && alpha < 2, `alphas holds ${alpha}: exits by jumps need an α in (0, 2)`);
  checkCounts(what, { runs, maxSteps, draws, hazardDraws });
  checkPositive(what, positive);
  for (const alpha of alphas) checkReach(what, alpha, config);
}
