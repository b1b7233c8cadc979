/** The records of the evidence experiment as the types they are, and the sweeps over λ made of them. */
import { groupBy } from '../../spread.ts';
import type { RunRecord } from '../../types.ts';
import type { TaskName } from './task.ts';

/** One fit. Cross-entropies are means over examples, in nats. */
export interface Fit {
  readonly task: TaskName;
  readonly repeat: number;
  readonly lambda: number;
  /** E: negative where the model is to be believed. */
  readonly logRatio: number;
  readonly occam: number;
  readonly trainCrossEntropy: number;
  readonly testCrossEntropy: number;
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
  /** N. */
  readonly trainExamples: number;
  readonly testExamples: number;
  /** Of the fit: what is left of the gradient, Newton steps, and the eigenvalues below λ, ascending. */
  readonly gradientNorm: number;
  readonly steps: number;
  readonly leftOut: readonly number[];
}

/** A fit that Newton's method did not bring to its end, and why. */
export interface Unfitted {
  readonly task: TaskName;
  readonly repeat: number;
  readonly lambda: number;
  readonly reason: string;
}

/** How white the derivatives of the logit are, that is the inputs and the bias. */
export interface WhiteningRow {
  readonly repeat: number;
  readonly parameters: number;
  readonly examples: number;
  readonly meanSize: number;
  readonly diagonalMean: number;
  readonly diagonalLeast: number;
  readonly diagonalGreatest: number;
  readonly offDiagonalSize: number;
}

/** One task and repeat, in ascending λ. */
export interface Sweep {
  readonly task: TaskName;
  readonly repeat: number;
  readonly fits: readonly Fit[];
}

export function fitsOf(records: readonly RunRecord[]): readonly Fit[] {
  return records.filter(({ name }) => name === 'fit') as unknown as Fit[];
}

export function unfittedOf(records: readonly RunRecord[]): readonly Unfitted[] {
  return records.filter(({ name }) => name === 'unfitted') as unknown as Unfitted[];
}

export function whiteningOf(records: readonly RunRecord[]): readonly WhiteningRow[] {
  return records.filter(({ name }) => name === 'whitening') as unknown as WhiteningRow[];
}

/**
 * Those with as many λ as the longest: the whole ones. A λ that one of them has no fit of is left out of all, so that they are over the
 * same λ.
 */
export function sweepsOf(all: readonly Fit[], unfitted: readonly Unfitted[] = []): readonly Sweep[] {
  const missing = new Set(unfitted.map(({ lambda }) => lambda));
  const fits = all.filter(({ lambda }) => !missing.has(lambda));
  const sweeps = [...groupBy(fits, ({ task, repeat }) => `${task} ${repeat}`).values()].map(
    (group): Sweep => {
      const { task, repeat } = group[0]!;
      return { task, repeat, fits: [...group].sort((a, b) => a.lambda - b.lambda) };
    },
  );
  const longest = Math.max(...sweeps.map((sweep) => sweep.fits.length));
  return sweeps.filter((sweep) => sweep.fits.length === longest);
}

/** Where in a sweep a quantity is least. */
export function argmin(fits: readonly Fit[], valueOf: (fit: Fit) => number): number {
  return fits.reduce((best, fit, k) => (valueOf(fit) < valueOf(fits[best]!) ? k : best), 0);
}

/** Pearson's coefficient; NaN if one of the two is constant. */
export function correlation(pairs: readonly (readonly [number, number])[]): number {
  const mean = (k: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[k], 0) / pairs.length;
  const [x, y] = [mean(0), mean(1)];
  const product = (j: 0 | 1, a: number, k: 0 | 1, b: number): number =>
    pairs.reduce((sum, pair) => sum + (pair[j] - a) * (pair[k] - b), 0);
  return product(0, x, 1, y) / Math.sqrt(product(0, x, 0, x) * product(1, y, 1, y));
}
