/**
 * The log-likelihood of symmetric stable laws, fast enough to be maximised for hundreds of parameters: densities are tabulated
 * once, over α in [0.5, 2] in steps of 0.025 and u = asinh |x| up to 12 (|x| = 8e4) in steps of 0.025.
 *
 * For one α, the table is interpolated along α, by cubics in p(x) (cosh u)^α: a density is smooth up to α = 2 where its
 * logarithm is not (the tail vanishes there as 2 - α), and the factor takes out how the tail depends on α. Logarithms of
 * the result are then interpolated along u by cubics; beyond the end the density falls as |x|^{-α-1}. The error of ln p is
 * below 1e-4 for α ≥ 0.6 and 6e-4 for α ≥ 0.5 up to |x| = 4,000, and 3e-3 beyond (heavy-tails.test.ts).
 */
import { stableDensity } from './distribution.ts';
import { ALPHA_RANGE } from './estimate.ts';

const ALPHA_STEP = 0.025;
const U_STEP = 0.025;
const COLUMNS = 481;
const ROWS: number = Math.round((ALPHA_RANGE[1] - ALPHA_RANGE[0]) / ALPHA_STEP) + 1;
/** Of the product: that of the normal law falls below it at |x| = 52, and then counts as it. */
const LEAST_DENSITY = 1e-300;

/** ln cosh u at the nodes. */
const LOG_COSH: Float64Array = Float64Array.from({ length: COLUMNS }, (_, k) =>
  Math.log(Math.cosh(k * U_STEP)),
);

let table: readonly Float64Array[] | undefined;

function flattened(): readonly Float64Array[] {
  table ??= Array.from({ length: ROWS }, (_, row) => {
    const alpha = ALPHA_RANGE[0] + row * ALPHA_STEP;
    return LOG_COSH.map(
      (logCosh, k) => stableDensity(Math.sinh(k * U_STEP), alpha) * Math.exp(alpha * logCosh),
    );
  });
  return table;
}

/** Lagrange's weights of the nodes 0, 1, 2, 3 at `t`. */
function cubicWeights(t: number): [number, number, number, number] {
  const [a, b, c] = [t - 1, t - 2, t - 3];
  return [(-a * b * c) / 6, (t * b * c) / 2, (-t * a * c) / 2, (t * a * b) / 6];
}

/** ln p at the nodes of u for α in [0.5, 2]. */
function logDensities(alpha: number): Float64Array {
  const rows = flattened();
  const position = (alpha - ALPHA_RANGE[0]) / ALPHA_STEP;
  const first = Math.min(Math.max(Math.floor(position) - 1, 0), ROWS - 4);
  const weights = cubicWeights(position - first);
  return LOG_COSH.map((logCosh, column) => {
    const product = weights.reduce(
      (sum, weight, k) => sum + weight * (rows[first + k]?.[column] as number),
      0,
    );
    return Math.log(Math.max(product, LEAST_DENSITY)) - alpha * logCosh;
  });
}

/**
 * Σ ln p(d; α, σ) over distances d = |x - location|.
 *
 * @param alpha in [0.5, 2]
 */
export function logLikelihood(distances: ArrayLike<number>, alpha: number, scale: number): number {
  const row = logDensities(alpha);
  const end = COLUMNS - 1;
  let sum = 0;
  for (let i = 0; i < distances.length; i++) {
    const x = (distances[i] as number) / scale;
    const position = Math.asinh(x) / U_STEP;
    if (position >= end) {
      sum += (row[end] as number) - (alpha + 1) * (position - end) * U_STEP;
      continue;
    }
    // The density is even, so the row goes on to the left as its mirror image.
    const before = Math.min(Math.floor(position), end - 2);
    const t = position - before;
    const [a, b, c] = [t - 1, t - 2, t + 1];
    sum +=
      (-t * a * b * (row[Math.abs(before - 1)] as number)) / 6 +
      (c * a * b * (row[before] as number)) / 2 -
      (t * c * b * (row[before + 1] as number)) / 2 +
      (t * c * a * (row[before + 2] as number)) / 6;
  }
  return sum - distances.length * Math.log(scale);
}
