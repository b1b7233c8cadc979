/**
 * The grids of the paper's tables and figures, at four sizes. Table 2 and figures 1 and 2 are α × B; table 3 and
 * figure 3 are α = 1 over B, and α at the largest B. They overlap, and cells are shared where they do.
 */
import type { NetworkName, Plan } from './config.ts';
import type { Grids } from './presets.ts';

type Grid = Pick<Plan, 'alphas' | 'batchSizes' | 'pairs'>;

/** 13 batch sizes: papers.md 1.3. */
const PUBLISHED_SIZES = [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 2000, 3000, 5000];

/** Every α with every B, and some pairs of α and B besides. */
function product(alphas: readonly number[], batchSizes: readonly number[], pairs: Grid['pairs'] = []): Grid {
  return { alphas, batchSizes, pairs };
}

/** α = 1 over B, and the other α at one B. */
function cross(batchSizes: readonly number[], alphas: readonly number[], largest: number): Grid {
  return product(
    [1],
    batchSizes,
    alphas.map((alpha) => [alpha, largest] as const),
  );
}

/** from, from + 1, … to. */
function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, k) => from + k);
}

const products: Readonly<Record<NetworkName, Readonly<Record<keyof Grids, Grid>>>> = {
  F1: {
    smoke: product([1, 2], [25, 100]),
    small: product([1, 1.5], [20, 50, 100, 250], [[1, 10]]),
    medium: product([1, 1.5], [100, 500, 1000, 2000, 5000]),
    paper: product([1, 1.5], PUBLISHED_SIZES),
  },
  C1: {
    smoke: product([1, 2], [50, 100]),
    small: product([1, 1.5, 2], [50, 250], [[1, 25]]),
    medium: product([1, 1.5, 2, 2.5], [100, 500, 1000, 2000, 5000]),
    paper: product([1, 1.5, 2, 2.5], PUBLISHED_SIZES),
  },
  C2: {
    smoke: product([1, 2], [50, 100]),
    small: product([1, 1.5], [50, 250], [[1, 25]]),
    medium: product([1, 1.5], [100, 500, 1000, 2000, 5000]),
    paper: product([1, 1.5], PUBLISHED_SIZES),
  },
};

const crosses: Readonly<Record<NetworkName, Readonly<Record<keyof Grids, Grid>>>> = {
  F1: {
    smoke: cross([25, 100], [2, 3], 100),
    small: cross([10, 20, 50, 100, 250], [1.5, 2, 3, 4], 250),
    medium: cross([100, 500, 1000, 2000, 5000], [1.5, 2, 3, 5], 5000),
    paper: cross(PUBLISHED_SIZES, range(2, 11), 5000),
  },
  C1: {
    smoke: cross([50, 100], [2, 3], 100),
    small: cross([25, 50, 250], [1.5, 2, 3], 250),
    medium: cross([100, 500, 1000, 2000, 5000], [1.5, 2, 2.5, 5, 10], 5000),
    paper: cross(PUBLISHED_SIZES, range(2, 11), 5000),
  },
  C2: {
    smoke: cross([50, 100], [2, 3], 100),
    small: cross([25, 50, 250], [1.5, 2, 3], 250),
    medium: cross([100, 500, 1000, 2000, 5000], [1.5, 2, 3, 5], 5000),
    paper: cross(PUBLISHED_SIZES, range(2, 7), 5000),
  },
};

function gridsOf(of: typeof products, networks: readonly NetworkName[]): Grids {
  const at = (size: keyof Grids): Grids[keyof Grids] =>
    Object.fromEntries(networks.map((network) => [network, of[network][size]]));
  return { smoke: at('smoke'), small: at('small'), medium: at('medium'), paper: at('paper') };
}

export const table2Grids: Grids = gridsOf(products, ['F1', 'C1', 'C2']);
export const figure1Grids: Grids = gridsOf(products, ['C1']);
export const figure2Grids: Grids = gridsOf(products, ['F1', 'C2']);
/** Of table 3 and of figure 3. */
export const crossGrids: Grids = gridsOf(crosses, ['F1', 'C1', 'C2']);
