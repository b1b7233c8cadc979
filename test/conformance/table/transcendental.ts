/** Exponentials, logarithms, roots, sigmoids: f32 only, each with the magnitudes at which its formula changes. */
import type { DType } from '../../../engine/graph/dtype.ts';
import { elementwise, POSITIVE, REAL, type ElementwiseOptions, type Entry } from './entry.ts';

const refuses: readonly DType[] = ['i32', 'u32', 'bool'];

function unary(
  name: string,
  options: Omit<ElementwiseOptions, 'refuses' | 'extremes'> & { readonly extremes: readonly number[] },
): Entry {
  return elementwise(name, { second: true, ...options, extremes: options.extremes.map((x) => [x]), refuses });
}

/** Both signs of every magnitude. */
const signed = (...magnitudes: readonly number[]): number[] => magnitudes.flatMap((x) => [x, -x]);
const TINY = [0, 2 ** -126, 1e-30, 1e-10, 1e-6, 1e-4, 1e-3, 0.01, 0.1];

export const transcendental: readonly Entry[] = [
  unary('exp', { domains: [REAL], extremes: [...signed(...TINY, 0.5, 1, 2, 10, 40, 80, 86), 88] }),
  unary('log', {
    domains: [POSITIVE],
    extremes: [
      2 ** -126,
      1e-30,
      1e-3,
      0.5,
      0.9,
      0.9999,
      0.99999994,
      1,
      1.0000001,
      1.001,
      1.5,
      2,
      10,
      1e10,
      3e38,
    ],
  }),
  unary('log1p', {
    domains: [[[-0.7, 4]]],
    extremes: [...signed(...TINY, 0.25, 0.4, 0.5), -0.9, -0.99, -0.9999, 0.7, 1, 3, 100, 1e10, 3e38],
  }),
  unary('expm1', {
    domains: [REAL],
    extremes: [...signed(...TINY, 0.25, 0.35, 0.5, 1, 2, 10, 40), -80, 80, 88],
  }),
  unary('sqrt', { domains: [POSITIVE], extremes: [0, 2 ** -126, 1e-30, 0.25, 0.5, 1, 2, 3, 4, 1e10, 3e38] }),
  unary('rsqrt', { domains: [POSITIVE], extremes: [2 ** -126, 1e-30, 0.25, 0.5, 1, 2, 3, 4, 1e10, 3e38] }),
  unary('tanh', { domains: [REAL], extremes: signed(...TINY, 0.3, 0.5, 0.625, 1, 2, 5, 9, 10, 30, 100) }),
  unary('sigmoid', { domains: [REAL], extremes: signed(...TINY, 0.5, 1, 2, 5, 10, 17, 30, 80) }),
  unary('erf', {
    domains: [[[-2, 2]]],
    extremes: signed(...TINY, 0.3, 0.5, 0.8, 0.9, 1, 1.5, 2, 2.5, 3, 3.9, 4, 5, 10),
  }),
  unary('sin', {
    domains: [REAL],
    extremes: signed(...TINY, 0.5, 1, 1.5707963, 2, 3.1415927, 4, 6.2831855, 10, 31.4, 100, 1000),
  }),
  unary('cos', {
    domains: [REAL],
    extremes: signed(...TINY, 0.5, 1, 1.5707963, 2, 3.1415927, 4, 6.2831855, 10, 31.4, 100, 1000),
  }),
  unary('relu', {
    domains: [REAL],
    kink: ([x = 0]) => Math.abs(x),
    second: false,
    extremes: signed(...TINY, 1, 100, 3e38),
  }),
];
