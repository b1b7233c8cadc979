/** HT-6: which networks escape from which minimum, and how the noise there is fitted. Everything is plain data. */
import { check, checkCounts, natural } from '../../checks.ts';
import type { PresetName } from '../../types.ts';

export interface TimeConfig {
  /** Hidden widths of each network: [4] is 2-4-1. */
  readonly networks: readonly (readonly number[])[];
  /** Points of the two blobs together. */
  readonly examples: number;
  /** Gradient descent to the minimum: steps, and their length. */
  readonly descentSteps: number;
  readonly descentRate: number;
  /** η of SGD from there. */
  readonly learningRate: number;
  /** ΔL: a run has escaped when its loss over all points is above that of the minimum by so much. */
  readonly barrier: number;
  readonly batchSizes: readonly number[];
  /** Of every batch size. */
  readonly runs: number;
  readonly maxSteps: number;
  /** Minibatches from which the noise of every parameter is fitted. */
  readonly fitBatches: number;
  /** The range that fitted α are held to, for at 2 no jump escapes. */
  readonly alphaRange: readonly [number, number];
  /** ρ of the theory's bound. */
  readonly rho: number;
}

/** papers.md 5.3; the paper says two and three layers, two blobs in two dimensions and 100 seeds, and no more. */
const base: TimeConfig = {
  networks: [[4], [4, 4]],
  examples: 400,
  descentSteps: 20_000,
  descentRate: 0.1,
  learningRate: 0.1,
  barrier: 0.02,
  batchSizes: [1, 2, 3, 4, 5, 6],
  runs: 50,
  maxSteps: 5000,
  fitBatches: 20_000,
  alphaRange: [1, 1.95],
  rho: 0.5,
};

export const presets: Readonly<Record<PresetName, TimeConfig>> = {
  smoke: {
    ...base,
    networks: [[4]],
    descentSteps: 2000,
    batchSizes: [1, 2, 4],
    runs: 20,
    maxSteps: 500,
    fitBatches: 2000,
  },
  small: base,
  medium: { ...base, runs: 200, batchSizes: [1, 2, 3, 4, 5, 6, 7, 8], maxSteps: 20_000 },
  paper: { ...base, runs: 100, batchSizes: [1, 2, 3, 4, 5, 6, 7, 8], maxSteps: 20_000 },
};

const what = 'heavy-tail/figure5';

/** @throws CONFIG for a configuration that makes no sense, naming the field */
export function checkConfig(config: TimeConfig): void {
  const { networks, batchSizes, alphaRange, examples, descentSteps, runs, maxSteps, fitBatches } = config;
  check(
    what,
    networks.length > 0 && batchSizes.length > 0,
    'networks or batchSizes is empty: name at least one',
  );
  for (const widths of networks)
    check(
      what,
      widths.length > 0 && widths.every((units) => natural(units) && units > 0),
      `networks holds [${widths.join(', ')}]: give positive widths of hidden layers`,
    );
  for (const size of batchSizes)
    check(
      what,
      natural(size) && size > 0 && size <= examples,
      `batchSizes holds ${size}: give from 1 to ${examples} points`,
    );
  checkCounts(what, { examples, descentSteps, runs, maxSteps });
  check(
    what,
    natural(fitBatches) && fitBatches >= 20,
    `fitBatches is ${fitBatches}: a fit takes at least 20`,
  );
  for (const name of ['descentRate', 'learningRate', 'barrier'] as const)
    check(what, config[name] > 0, `${name} is ${config[name]}: give a positive number`);
  check(
    what,
    alphaRange[0] > 0 && alphaRange[0] < alphaRange[1] && alphaRange[1] < 2,
    `alphaRange is ${alphaRange.join(', ')}: give two ascending numbers in (0, 2)`,
  );
  check(what, config.rho > 0 && config.rho < 1, `rho is ${config.rho}: give a number in (0, 1)`);
}
