/**
 * A symmetric matrix known by its products. What asks for products (eigenvalues, traces, densities) knows no more than this,
 * and so works for whatever has them.
 */
import { matmul, type Tensor, type Tree } from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import { show } from '../../engine/graph/shape.ts';

export interface LinearOperator {
  /** What it is, for results and errors: `Hessian of 1000 examples (frozen statistics)`. */
  readonly name: string;
  /** n: it maps vectors [n] to vectors [n]. */
  readonly dimension: number;
  /** A v, of v [n]; a new tensor, which the caller disposes of. */
  apply(v: Tensor): Promise<Tensor>;
}

/** An operator on the parameters of a model. */
export interface ParameterOperator<P extends Tree = Tree> extends LinearOperator {
  /** Paths of the parameters that are its coordinates, in order. */
  readonly paths: readonly string[];
  /** N: examples (or other units) that it is the mean over. */
  readonly examples: number;
  /** Examples per piece now: less than was asked for if memory did not suffice. */
  readonly microbatch: number;
  /** The coordinates [n] of a tree like the parameters. */
  ravel(tree: P): Tensor;
  /** A vector [n] as a tree like the parameters, 0 in those that are not coordinates. */
  unravel(vector: Tensor): P;
  /** Gives the memory of its recordings back. */
  dispose(): void;
}

/** A matrix [n, n] as an operator. */
export function matrixOperator(matrix: Tensor, name = 'matrix'): LinearOperator {
  const [rows, columns] = matrix.shape;
  if (matrix.rank !== 2 || rows !== columns || rows === undefined)
    fail('SHAPE', `matrixOperator: ${show(matrix.shape)} is no square matrix.`);
  return { name, dimension: rows, apply: async (v) => matmul(matrix, v) };
}

/** A v, checked to be a vector of the operator's dimension. */
export async function product(operator: LinearOperator, v: Tensor): Promise<Tensor> {
  const image = await operator.apply(v);
  if (image.rank !== 1 || image.size !== operator.dimension)
    fail(
      'SHAPE',
      `${operator.name}: the product has shape ${show(image.shape)}, the operator dimension ${operator.dimension}.`,
    );
  return image;
}

/** The value, if it is a number: NaN and infinities enter no statistic. */
export function finite(value: number, what: string): number {
  if (!Number.isFinite(value))
    fail(
      'NON_FINITE',
      `${what} is ${value}: look for the operation that made it with firstNonFinite (langevin/nn), at the same parameters and examples.`,
    );
  return value;
}

/** Refuses a number of eigenvalues, steps or probes that is none, or above the dimension where `most` is given. */
export function requireCount(what: string, count: number, most: number = Infinity): void {
  if (!Number.isInteger(count) || count < 1 || count > most)
    fail(
      'COUNT',
      `${what} is ${count}: give an integer from 1${most === Infinity ? '' : ` to ${most}, the dimension`}.`,
    );
}
