/** Operators of small models as matrices: every eigenvalue, and the determinant that the Bayesian evidence asks for. */
import { tensor } from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import { symmetricEigen, unitRow } from '../linear-algebra/index.ts';
import { finite, product, type LinearOperator } from './operator.ts';

/** n² numbers of 8 bytes and O(n³) operations on the host: 32 MB and some ten seconds. */
const MAX_DIMENSION = 2000;

export interface DenseOptions {
  /** Largest dimension that is accepted. Default 2000. */
  readonly limit?: number;
}

export interface DenseMatrix {
  readonly operator: string;
  readonly dimension: number;
  /** [n, n] row-major, (A + Aᵀ)/2. */
  readonly values: Float64Array;
  /** max |A - Aᵀ| / max |A| before: the rounding of the products. */
  readonly asymmetry: number;
}

/**
 * The matrix, a product per column.
 * @throws MATRIX_TOO_LARGE beyond the limit; NON_FINITE if a product is not finite
 */
export async function denseMatrix(
  operator: LinearOperator,
  { limit = MAX_DIMENSION }: DenseOptions = {},
): Promise<DenseMatrix> {
  const { dimension: n, name } = operator;
  if (n > limit)
    fail(
      'MATRIX_TOO_LARGE',
      `denseMatrix: ${name} has dimension ${n}, a matrix of ${n ** 2} numbers, above the limit of ${limit}: use lanczos, spectralDensity or hutchinson, or choose fewer parameters.`,
    );
  const columns = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const image = await product(operator, tensor(unitRow(n, j)));
    columns.set(await image.data(), j * n);
    image.dispose();
  }
  const values = new Float64Array(n * n);
  let [largest, apart] = [0, 0];
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const [a, b] = [columns[j * n + i]!, columns[i * n + j]!];
      finite(a, `Element (${i}, ${j}) of ${name}`);
      values[i * n + j] = (a + b) / 2;
      largest = Math.max(largest, Math.abs(a));
      apart = Math.max(apart, Math.abs(a - b));
    }
  return { operator: name, dimension: n, values, asymmetry: largest === 0 ? 0 : apart / largest };
}

export interface ExactSpectrum {
  readonly operator: string;
  /** All n, ascending. */
  readonly values: Float64Array;
  /** `vectors[j]` [n], of length 1, belongs to `values[j]`. */
  readonly vectors: readonly Float64Array[];
  readonly asymmetry: number;
}

/** All eigenvalues, and eigenvectors if asked for, in float64 from the matrix. Throws as {@link denseMatrix}. */
export async function exactSpectrum(
  operator: LinearOperator,
  { vectors = false, ...options }: DenseOptions & { readonly vectors?: boolean } = {},
): Promise<ExactSpectrum> {
  const { values, asymmetry } = await denseMatrix(operator, options);
  return { operator: operator.name, ...symmetricEigen(values, { vectors }), asymmetry };
}

export interface LogDeterminant {
  /** Σ ln λ_i over the eigenvalues that are counted. */
  readonly value: number;
  readonly counted: number;
  /** The eigenvalues below the floor, ascending, which were left out. */
  readonly leftOut: readonly number[];
  /** The lowest of all; ∞ of none. */
  readonly lowest: number;
}

/**
 * ln det A from its eigenvalues. A matrix with eigenvalues ≤ 0 has none; with a `floor` > 0 the eigenvalues below it are left
 * out, and named.
 * @throws NOT_POSITIVE without a floor, listing the eigenvalues ≤ 0; NON_FINITE
 */
export function logDeterminant(
  eigenvalues: ArrayLike<number>,
  { floor }: { readonly floor?: number } = {},
): LogDeterminant {
  const values = Array.from(eigenvalues, (value) => finite(value, 'An eigenvalue'));
  if (floor !== undefined && !(floor > 0))
    fail('NOT_POSITIVE', `logDeterminant: the floor is ${floor}: give a positive number.`);
  const isCounted = (value: number): boolean => (floor === undefined ? value > 0 : value >= floor);
  const counted = values.filter(isCounted);
  const leftOut = values.filter((value) => !isCounted(value)).sort((a, b) => a - b);
  if (floor === undefined && leftOut.length > 0)
    fail(
      'NOT_POSITIVE',
      `logDeterminant: ${leftOut.length} of ${values.length} eigenvalues have no logarithm, ${firstOf(leftOut)}: give a floor below which they are left out.`,
    );
  return {
    value: counted.reduce((sum, value) => sum + Math.log(value), 0),
    counted: counted.length,
    leftOut,
    lowest: values.reduce((least, value) => Math.min(least, value), Infinity),
  };
}

/**
 * ½ Σ ln(λ_i/λ) over λ_i ≥ λ: the Occam term of Laplace's approximation to the evidence (Smith & Le, 2018), for a prior of
 * precision λ on every parameter. The λ_i are eigenvalues of the Hessian of the *summed* loss plus λ, and are given so. Those
 * below λ, directions that curve downwards where the parameters are not at a minimum, are left out, as published.
 * @throws PRIOR for a λ that is not positive: the evidence is then undefined
 */
export function occamTerm(eigenvalues: ArrayLike<number>, lambda: number): LogDeterminant {
  if (!(lambda > 0 && lambda < Infinity))
    fail(
      'PRIOR',
      `occamTerm: λ is ${lambda}; without a proper prior there is no evidence: give a positive λ.`,
    );
  const relative = Array.from(eigenvalues, (value) => value / lambda);
  // Rounding of an eigenvalue that is λ exactly, as that of a parameter which nothing depends on, is no curvature.
  const { value, ...rest } = logDeterminant(relative, { floor: 1 });
  return {
    ...rest,
    value: value / 2,
    leftOut: Array.from(eigenvalues)
      .filter((each) => each < lambda)
      .sort((a, b) => a - b),
    lowest: rest.lowest * lambda,
  };
}

/** The first five for a sentence, and how many more there are. */
export function firstOf(values: readonly number[]): string {
  const shown = values.slice(0, 5).map((value) => value.toPrecision(4));
  return shown.join(', ') + (values.length > 5 ? ` and ${values.length - 5} more` : '');
}
