/**
 * What another program found at the size of the `small` presets (papers.md 3.3). The published figures are images, whose numbers
 * are not known; of them only what the text claims.
 */
import type { VariableName } from './law.ts';

/** The best batch size on powers of two, by the value of the variable. */
export const prototypeBest: Readonly<Record<VariableName, Readonly<Record<number, number>>>> = {
  'learning rate': { 0.2: 4, 0.5: 8, 1: 16, 2: 64, 5: 128, 10: 256 },
  'training set': { 500: 16, 1000: 16, 2000: 32, 4000: 64, 8000: 128, 16_000: 256 },
  momentum: { 5: 8, 10: 16, 20: 32, 40: 128 },
};

/** Of {@link prototypeAccuracies}, at least. */
export const PROTOTYPE_STEPS = 1500;

/** 784-800-10 at ε = 1, m = 0.9, N = 1000, λ = 0: test accuracy by batch size. */
export const prototypeAccuracies: Readonly<Record<number, number>> = {
  3: 0.2,
  5: 0.25,
  10: 0.8,
  20: 0.915,
  30: 0.91,
  60: 0.903,
  100: 0.9,
  300: 0.893,
  1000: 0.89,
};

/** Of B = 24 against 1000, by λ: the gap in accuracy, and the test cross-entropy from early to late. */
export const prototypeTrajectories: Readonly<
  Record<number, { readonly gap: number; readonly small: string; readonly full: string }>
> = {
  0: { gap: 0.013, small: '0.48 → 0.59', full: '0.53 → 0.76' },
  0.1: { gap: 0.006, small: '0.45 → 0.36', full: '0.42 → 0.38' },
};
