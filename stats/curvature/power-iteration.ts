/**
 * The eigenvalues of greatest magnitude by the power method: v ← A v / |A v|, kept orthogonal to those already found
 * (deflation). The error of the direction falls by |λ_2 / λ_1| per product, so it is slow where Lanczos is not; but it needs
 * the memory of one vector, and its residual is a plain measurement.
 */
import type { Tensor } from '../../engine/index.ts';
import { orthonormalBasis } from './basis.ts';
import { product, requireCount, type LinearOperator } from './operator.ts';
import { probe } from './probes.ts';
import { fail } from '../../engine/graph/errors.ts';

export interface PowerOptions {
  /** u32[2]: what the first vectors are drawn from. */
  readonly key: Tensor;
  /** Eigenvalues wanted, one after the other. Default 1. */
  readonly count?: number;
  /** Most products per eigenvalue. Default 100. */
  readonly iterations?: number;
  /** Stop when the residual is below this times |value|. Default 1e-3. */
  readonly tolerance?: number;
}

export interface PowerPair {
  /** The Rayleigh quotient of `vector`. */
  readonly value: number;
  /** |A v - value v|, less what lies along the vectors found before: an eigenvalue lies within so much of `value`. */
  readonly residual: number;
  /** v, [n], of length 1. */
  readonly vector: Tensor;
  /** Products taken. */
  readonly iterations: number;
  readonly converged: boolean;
}

/** @throws DIMENSION for more eigenvalues than the operator has; COUNT; NON_FINITE if a product is not finite */
export async function powerIteration(
  operator: LinearOperator,
  { key, count = 1, iterations = 100, tolerance = 1e-3 }: PowerOptions,
): Promise<PowerPair[]> {
  const { dimension, name } = operator;
  requireCount('powerIteration: count', count);
  requireCount('powerIteration: iterations', iterations);
  if (count > dimension)
    fail(
      'DIMENSION',
      `powerIteration: ${count} eigenvalues of ${name} were asked for; it has dimension ${dimension}: ask for at most so many.`,
    );
  const found = orthonormalBasis(dimension, count);
  const one = orthonormalBasis(dimension, 1);
  const pairs: PowerPair[] = [];
  for (let index = 0; index < count; index++) {
    const start = probe(key, index, dimension, 'gaussian');
    let next = await found.orthogonalize(start, start, 'A probe of powerIteration');
    start.dispose();
    let pair: PowerPair;
    for (let t = 1; ; t++) {
      one.clear();
      const vector = one.append(next.vector, next.length);
      next.vector.dispose();
      const image = await product(operator, vector);
      next = await found.orthogonalize(image, vector, `A product with ${name}`);
      const rest = await one.orthogonalize(next.vector, vector, `A product with ${name}`);
      image.dispose();
      rest.vector.dispose();
      const [value, residual] = [rest.along, rest.length];
      const converged = residual <= tolerance * Math.abs(value);
      pair = { value, residual, vector, iterations: t, converged };
      if (converged || t >= iterations || next.length === 0) break;
      vector.dispose();
    }
    next.vector.dispose();
    found.append(pair.vector, 1).dispose();
    pairs.push(pair);
  }
  found.dispose();
  one.dispose();
  return pairs;
}
