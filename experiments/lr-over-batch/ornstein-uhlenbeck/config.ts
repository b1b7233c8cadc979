/** What the comparison of SGD near a minimum with theory can be told. Everything is plain data. */
import { isStable, stationaryLaw } from '../../../stats/index.ts';
import type { PresetName } from '../../types.ts';
import { checkGrid, type GridConfig } from '../figure3/config.ts';
import { check, natural, positive } from '../../checks.ts';
import { equilibriumPresets } from './network.ts';

/** Simulated chains on a quadratic of known curvatures, with C = H. */
export interface QuadraticConfig {
  /** η and S. */
  readonly learningRate: number;
  readonly batchSize: number;
  /** λ, the eigenvalues of H. */
  readonly curvatures: readonly number[];
  /** m of the process with momentum. */
  readonly momentum: number;
  /** The stochastic differential equation is also followed in steps of η divided by this. */
  readonly refinement: number;
  readonly chains: number;
  /** Of the regression, where a step draws S examples for every chain. */
  readonly regressionChains: number;
  /** Steps before the first look; looks; and steps from one to the next. */
  readonly burnIn: number;
  readonly looks: number;
  readonly every: number;
}

/** The loss on the way from one point to the stationary law, for several (βη, βS). */
export interface RescalingConfig {
  /** β. Those at which the iteration diverges are recorded as such. */
  readonly factors: readonly number[];
  /** The start, in standard deviations of the stationary law to leading order, in every coordinate. */
  readonly start: number;
  /** Time η·steps to follow, and looks on the way. */
  readonly time: number;
  readonly looks: number;
  readonly chains: number;
}

export interface Config {
  readonly quadratic: QuadraticConfig;
  readonly rescaling: RescalingConfig;
  /** Networks trained at several η/S; without `networks` there are none. */
  readonly network: GridConfig;
}

/** The quadratic of papers.md 2.1. */
const quadratic: QuadraticConfig = {
  learningRate: 0.05,
  batchSize: 10,
  curvatures: [0.1, 0.5, 1, 2, 5],
  momentum: 0.9,
  refinement: 4,
  chains: 20_000,
  regressionChains: 4000,
  burnIn: 800,
  looks: 8,
  every: 100,
};

const rescaling: RescalingConfig = {
  factors: [1, 2, 4, 7, 10],
  start: 10,
  time: 10,
  looks: 20,
  chains: 10_000,
};

export const presets: Readonly<Record<PresetName, Config>> = {
  smoke: {
    quadratic: { ...quadratic, chains: 500, regressionChains: 100, burnIn: 200, looks: 2, every: 50 },
    rescaling: { ...rescaling, chains: 200, time: 4, looks: 8 },
    network: equilibriumPresets.smoke,
  },
  small: { quadratic, rescaling, network: equilibriumPresets.small },
  medium: {
    quadratic: { ...quadratic, chains: 100_000, regressionChains: 20_000 },
    rescaling: { ...rescaling, chains: 50_000 },
    network: equilibriumPresets.medium,
  },
  paper: {
    quadratic: { ...quadratic, chains: 100_000, regressionChains: 20_000 },
    rescaling: { ...rescaling, chains: 50_000 },
    network: equilibriumPresets.paper,
  },
};

/** @throws CONFIG; QUADRATIC or UNSTABLE for a quadratic without a stationary law */
export function checkConfig({ quadratic: q, rescaling: r, network }: Config): void {
  const what = 'lr-over-batch/ornstein-uhlenbeck';
  stationaryLaw({ learningRate: q.learningRate, batchSize: q.batchSize, curvatures: q.curvatures });
  isStable({ ...q });
  check(what, positive(q.refinement), `quadratic.refinement is ${q.refinement}: give a positive number`);
  for (const [name, least] of [
    ['chains', 2],
    ['regressionChains', 2],
    ['burnIn', 0],
    ['looks', 1],
    ['every', 1],
  ] as const)
    check(
      what,
      natural(q[name]) && q[name] >= least,
      `quadratic.${name} is ${q[name]}: give an integer of at least ${least}`,
    );
  check(
    what,
    r.factors.length > 0 && r.factors.every((beta) => positive(beta) && natural(beta * q.batchSize)),
    `rescaling.factors are ${r.factors.join(', ')}: give positive numbers whose multiples of S = ${q.batchSize} are integers`,
  );
  check(
    what,
    natural(r.chains) && r.chains > 1 && natural(r.looks) && r.looks > 0 && positive(r.time),
    `rescaling has ${r.chains} chains, ${r.looks} looks and a time of ${r.time}: at least 2, at least 1, and a positive number`,
  );
  if (network.networks.length > 0) checkGrid(what, network);
}
