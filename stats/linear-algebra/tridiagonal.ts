/**
 * Eigenvalues of symmetric tridiagonal matrices, in float64 on the host: the QL algorithm with implicit shifts (Bowdler,
 * Martin, Reinsch & Wilkinson 1968, `tql2` of EISPACK). It applies plane rotations until nothing is left beside the
 * diagonal. The eigenvectors are the product of the rotations, Z; whoever needs only some rows of Z has only these
 * rotated: Lanczos reads its residuals off the last row, quadrature its weights off the first, at O(m²) instead of O(m³).
 */
import { fail } from '../../engine/graph/errors.ts';

/** Rotations per eigenvalue before giving up; a handful are usual. */
const MAX_SWEEPS = 60;

/** Eigenvalues, ascending, and rows of the eigenvectors. */
export interface TridiagonalEigen {
  readonly values: Float64Array;
  /** For every row asked for: element j belongs to the eigenvector of `values[j]`. */
  readonly rows: readonly Float64Array[];
}

/**
 * @param diagonal m numbers
 * @param offDiagonal m - 1 numbers beside it; more are ignored
 * @param start rows to be multiplied by Z from the right, by default none: the rows of the identity give those of Z
 * @throws NON_FINITE for NaN or infinity in the matrix
 */
export function tridiagonalEigen(
  diagonal: ArrayLike<number>,
  offDiagonal: ArrayLike<number>,
  start: readonly ArrayLike<number>[] = [],
): TridiagonalEigen {
  const m = diagonal.length;
  const d = Float64Array.from(diagonal);
  const e = new Float64Array(m);
  for (let k = 0; k + 1 < m; k++) e[k] = offDiagonal[k]!;
  if (!d.every(Number.isFinite) || !e.every(Number.isFinite))
    fail(
      'NON_FINITE',
      'tridiagonalEigen: the matrix holds NaN or infinity: look at what the products returned.',
    );
  const rows = start.map((row) => Float64Array.from(row));
  const negligible =
    Number.EPSILON * d.reduce((most, x, k) => Math.max(most, Math.abs(x) + Math.abs(e[k]!)), 0);
  for (let low = 0; low < m; low++) {
    for (let sweep = 0; ; sweep++) {
      const high = blockEnd(d, e, low, negligible);
      if (high === low) break;
      if (sweep === MAX_SWEEPS)
        fail(
          'NO_CONVERGENCE',
          `tridiagonalEigen: eigenvalue ${low} of ${m} has not converged after ${MAX_SWEEPS} sweeps.`,
        );
      rotate(d, e, rows, low, high);
    }
  }
  const order = Array.from(d.keys()).sort((a, b) => d[a]! - d[b]!);
  const sorted = (list: Float64Array): Float64Array => Float64Array.from(order, (k) => list[k]!);
  return { values: sorted(d), rows: rows.map(sorted) };
}

/**
 * The last index of the unreduced block that begins at `low`: the element after it is negligible beside its neighbours,
 * or beside the whole matrix. In the null space of a matrix without full rank the neighbours are rounding errors
 * themselves, and beside them nothing ever is.
 */
function blockEnd(d: Float64Array, e: Float64Array, low: number, negligible: number): number {
  let high = low;
  for (; high + 1 < d.length; high++) {
    const beside = Number.EPSILON * (Math.abs(d[high]!) + Math.abs(d[high + 1]!));
    if (Math.abs(e[high]!) <= Math.max(beside, negligible)) break;
  }
  return high;
}

/** One QL sweep over the block from `low` to `high`, with Wilkinson's shift. */
function rotate(
  d: Float64Array,
  e: Float64Array,
  rows: readonly Float64Array[],
  low: number,
  high: number,
): void {
  const half = (d[low + 1]! - d[low]!) / (2 * e[low]!);
  const root = Math.hypot(half, 1);
  let g = d[high]! - d[low]! + e[low]! / (half + (half >= 0 ? root : -root));
  let [s, c, p] = [1, 1, 0];
  for (let i = high - 1; i >= low; i--) {
    const [f, b] = [s * e[i]!, c * e[i]!];
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      // The block splits here: the next sweep takes the rest.
      d[i + 1]! -= p;
      e[high] = 0;
      return;
    }
    [s, c] = [f / r, g / r];
    const rest = d[i + 1]! - p;
    const t = (d[i]! - rest) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = rest + p;
    g = c * t - b;
    for (const row of rows) {
      const [x, y] = [row[i]!, row[i + 1]!];
      row[i + 1] = s * x + c * y;
      row[i] = c * x - s * y;
    }
  }
  d[low]! -= p;
  e[low] = g;
  e[high] = 0;
}

/** Row `at` of the identity of `size`. */
export function unitRow(size: number, at: number): Float64Array {
  const row = new Float64Array(size);
  row[at] = 1;
  return row;
}
