/**
 * Eigenvalues and eigenvectors of small dense symmetric matrices, in float64 on the host. Householder's reflections make
 * the matrix tridiagonal, A = W T Wᵀ; the QL algorithm makes T diagonal, T = Z Λ Zᵀ; the eigenvectors are the columns of
 * W Z. Golub & Van Loan, Matrix Computations (4th ed.), section 8.3. O(n³): a second at n = 1,000.
 */
import { fail } from '../../engine/graph/errors.ts';
import { tridiagonalEigen } from './tridiagonal.ts';

export interface SymmetricEigen {
  /** Ascending. */
  readonly values: Float64Array;
  /** `vectors[j]`, of length 1, belongs to `values[j]`; empty unless asked for. */
  readonly vectors: readonly Float64Array[];
}

/**
 * @param matrix [n, n] row-major; only the lower triangle is read
 * @throws SHAPE if it is not square, NON_FINITE if it holds NaN or infinity
 */
export function symmetricEigen(
  matrix: ArrayLike<number>,
  { vectors = false }: { readonly vectors?: boolean } = {},
): SymmetricEigen {
  const n = Math.round(Math.sqrt(matrix.length));
  if (n * n !== matrix.length)
    fail('SHAPE', `symmetricEigen: ${matrix.length} numbers are no square matrix.`);
  const a = Float64Array.from(matrix);
  if (!a.every(Number.isFinite))
    fail('NON_FINITE', 'symmetricEigen: the matrix holds NaN or infinity: look at what it was made from.');
  const { diagonal, offDiagonal, reflectors } = tridiagonalize(a, n);
  const start = vectors ? accumulate(reflectors, n) : [];
  const { values, rows } = tridiagonalEigen(diagonal, offDiagonal, start);
  return {
    values,
    vectors: vectors ? Array.from(values, (_, j) => Float64Array.from(rows, (row) => row[j]!)) : [],
  };
}

/** H = I - 2 u uᵀ, u of length 1, whose first elements up to `from` are 0. */
interface Reflector {
  readonly u: Float64Array;
  readonly from: number;
}

/** Step k reflects column k onto its first two elements: A ← H A H, with u over the elements from k + 1. */
function tridiagonalize(
  a: Float64Array,
  n: number,
): {
  readonly diagonal: Float64Array;
  readonly offDiagonal: Float64Array;
  readonly reflectors: readonly Reflector[];
} {
  const reflectors: Reflector[] = [];
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(Math.max(0, n - 1));
  for (let k = 0; k < n; k++) {
    diagonal[k] = a[k * n + k]!;
    if (k + 1 === n) break;
    const u = new Float64Array(n);
    for (let i = k + 1; i < n; i++) u[i] = a[i * n + k]!;
    const length = Math.hypot(...u.subarray(k + 1));
    // The sign that adds up, so that nothing cancels.
    const image = u[k + 1]! > 0 ? -length : length;
    offDiagonal[k] = image;
    u[k + 1]! -= image;
    const size = Math.hypot(...u.subarray(k + 1));
    if (size === 0) continue;
    for (let i = k + 1; i < n; i++) u[i]! /= size;
    reflectors.push({ u, from: k + 1 });
    reflectBoth(a, n, u, k + 1);
  }
  return { diagonal, offDiagonal, reflectors };
}

/** The lower triangle of H A H = A - 2 (u wᵀ + w uᵀ), with w = A u - (uᵀ A u) u, from row and column `from`. */
function reflectBoth(a: Float64Array, n: number, u: Float64Array, from: number): void {
  const w = new Float64Array(n);
  for (let i = from; i < n; i++) {
    w[i]! += a[i * n + i]! * u[i]!;
    for (let j = from; j < i; j++) {
      const x = a[i * n + j]!;
      w[i]! += x * u[j]!;
      w[j]! += x * u[i]!;
    }
  }
  let quadratic = 0;
  for (let i = from; i < n; i++) quadratic += u[i]! * w[i]!;
  for (let i = from; i < n; i++) w[i]! -= quadratic * u[i]!;
  for (let i = from; i < n; i++)
    for (let j = from; j <= i; j++) a[i * n + j]! -= 2 * (u[i]! * w[j]! + w[i]! * u[j]!);
}

/** The rows of W = H_0 H_1 …, from the right: W ← W - 2 (W u) uᵀ. */
function accumulate(reflectors: readonly Reflector[], n: number): Float64Array[] {
  const rows = Array.from({ length: n }, (_, i) => {
    const row = new Float64Array(n);
    row[i] = 1;
    return row;
  });
  for (const { u, from } of reflectors)
    for (const row of rows) {
      let product = 0;
      for (let j = from; j < n; j++) product += row[j]! * u[j]!;
      for (let j = from; j < n; j++) row[j]! -= 2 * product * u[j]!;
    }
  return rows;
}
