/**
 * How far two symmetric matrices share their large directions: the noise covariance C and the Hessian H, which many theories
 * of SGD take to be proportional. The cosine in the space of matrices is
 *
 *     cos(A, B) = tr(A B) / (|A|_F |B|_F),    with tr(A B) = E ⟨A z, B z⟩ and |A|²_F = E |A z|²
 *
 * over probes z: two products per probe serve all three. It is 1 for proportional matrices, whatever the factor.
 */
import { matmul, stack, sum, square, transpose, type Tensor } from '../../engine/index.ts';
import { innerProduct } from '../directions.ts';
import { fail } from '../../engine/graph/errors.ts';
import type { Estimate } from '../moments.ts';
import { finite, product, requireCount, type LinearOperator } from './operator.ts';
import { jackknife, meanEstimate, probe, type ProbeOptions } from './probes.ts';

export interface Alignment {
  readonly operators: readonly [string, string];
  /** tr(A B) / (|A|_F |B|_F), by the jackknife over probes. */
  readonly cosine: Estimate;
  /** tr(A B). */
  readonly traceOfProduct: Estimate;
  readonly frobeniusNorms: readonly [Estimate, Estimate];
  readonly probes: number;
}

/**
 * Default 32 probes.
 * @throws DIMENSION if the operators differ in it; COUNT; NON_FINITE if a product is not finite
 */
export async function alignment(
  a: LinearOperator,
  b: LinearOperator,
  { key, probes = 32, distribution = 'rademacher' }: ProbeOptions,
): Promise<Alignment> {
  requireCount('alignment: probes', probes);
  if (a.dimension !== b.dimension)
    fail(
      'DIMENSION',
      `alignment: ${a.name} has dimension ${a.dimension}, ${b.name} ${b.dimension}: let both act on the same parameters.`,
    );
  const draws: number[][] = [];
  for (let k = 0; k < probes; k++) {
    const z = probe(key, k, a.dimension, distribution);
    const [x, y] = [await product(a, z), await product(b, z)];
    draws.push(Array.from(await stack([innerProduct(x, y), innerProduct(x, x), innerProduct(y, y)]).data()));
    [x, y, z].forEach((vector) => vector.dispose());
  }
  const what = `The alignment of ${a.name} and ${b.name}`;
  const root = (column: number): Estimate =>
    jackknife(draws, (means) => Math.sqrt(means[column] as number), what);
  return {
    operators: [a.name, b.name],
    cosine: jackknife(draws, ([ab, aa, bb]) => ab! / Math.sqrt(aa! * bb!), what),
    traceOfProduct: meanEstimate(
      draws.map(([ab]) => ab as number),
      what,
    ),
    frobeniusNorms: [root(1), root(2)],
    probes,
  };
}

/**
 * vᵀ A v on vectors of length 1, such as the leading eigenvectors of another operator: how much of A lies along each. Divided
 * by tr A they are shares.
 */
export async function rayleighQuotients(
  operator: LinearOperator,
  vectors: readonly Tensor[],
): Promise<number[]> {
  const values: number[] = [];
  for (const v of vectors) {
    const image = await product(operator, v);
    values.push(finite(await innerProduct(v, image).item(), `vᵀ A v of ${operator.name}`));
    image.dispose();
  }
  return values;
}

/**
 * |Uᵀ V|²_F / k for k orthonormal vectors each: 1 if both span the same space, 0 if the spaces are orthogonal, k/n on average
 * for random ones (Gur-Ari, Roberts & Dyer, 2018).
 * @throws SHAPE for lists of different lengths or none
 */
export async function subspaceOverlap(u: readonly Tensor[], v: readonly Tensor[]): Promise<number> {
  if (u.length === 0 || u.length !== v.length)
    fail('SHAPE', `subspaceOverlap: ${u.length} and ${v.length} vectors: give two spaces of one dimension.`);
  const products = matmul(stack(u), transpose(stack(v)));
  return finite((await sum(square(products)).item()) / u.length, 'subspaceOverlap');
}
