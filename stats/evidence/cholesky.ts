/** Small symmetric positive definite systems, in float64 on the host: A = L Lᵀ (Golub & Van Loan, section 4.2). */
import { fail } from '../../engine/graph/errors.ts';

/**
 * L, lower triangular, row-major, zeros above the diagonal. n³/3 operations.
 * @param matrix [n, n] row-major; only the lower triangle is read
 * @throws NOT_POSITIVE naming the pivot that is not positive
 */
export function cholesky(matrix: Float64Array, n: number): Float64Array {
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) rest -= factor[i * n + k]! * factor[j * n + k]!;
      if (i > j) factor[i * n + j] = rest / factor[j * n + j]!;
      else if (rest > 0) factor[i * n + i] = Math.sqrt(rest);
      else
        fail(
          'NOT_POSITIVE',
          `cholesky: pivot ${i} of ${n} is ${rest}, so the matrix is not positive definite: add to its diagonal.`,
        );
    }
  return factor;
}

/** x of A x = b, given L of A. */
export function choleskySolve(factor: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  const x = right.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= factor[i * n + k]! * x[k]!;
    x[i]! /= factor[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= factor[k * n + i]! * x[k]!;
    x[i]! /= factor[i * n + i]!;
  }
  return x;
}
