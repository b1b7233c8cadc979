/**
 * The trace by Hutch++ (Meyer, Musco, Musco & Woodruff, 2021): a third of the products finds a basis Q of what A does to random
 * vectors, which holds the leading eigenvectors; the trace there is computed, and only that of the rest is estimated:
 *
 *     tr A = tr Qᵀ A Q + tr (1 - Q Qᵀ) A (1 - Q Qᵀ)
 *
 * The error falls as 1/products for positive semidefinite A, against 1/√products for Hutchinson's, and the second term's
 * scatter over probes measures it: given Q the first is exact. A may be indefinite; then only the bound is lost.
 */
import { type Tensor } from '../../engine/index.ts';
import { innerProduct } from '../directions.ts';
import type { Estimate } from '../moments.ts';
import { isDependent, orthonormalBasis } from './basis.ts';
import { finite, product, requireCount, type LinearOperator } from './operator.ts';
import { meanEstimate, probe } from './probes.ts';

export interface HutchPlusPlusOptions {
  /** u32[2]: the same key gives the same result. */
  readonly key: Tensor;
  /** Products in all, at least 6: a third each for finding Q, for its trace, and for the rest. Default 48. */
  readonly products?: number;
}

export interface HutchPlusPlusResult {
  readonly operator: string;
  readonly trace: Estimate;
  /** tr Qᵀ A Q, exact, and the dimension of Q. */
  readonly captured: number;
  readonly rank: number;
  /** Products taken: fewer than allowed where Q is the whole range of A. */
  readonly products: number;
}

/** @throws COUNT; NON_FINITE if a product is not finite */
export async function hutchPlusPlus(
  operator: LinearOperator,
  { key, products = 48 }: HutchPlusPlusOptions,
): Promise<HutchPlusPlusResult> {
  const third = Math.floor(products / 3);
  requireCount('hutchPlusPlus: a third of the products, less one', third - 1);
  const { dimension, name } = operator;
  const what = `A product with ${name}`;
  const form = async (v: Tensor): Promise<number> => {
    const image = await product(operator, v);
    const value = finite(await innerProduct(v, image).item(), what);
    image.dispose();
    return value;
  };
  const basis = orthonormalBasis(dimension, Math.min(third, dimension));
  let taken = 0;
  let captured = 0;
  let scale = 0;
  for (let k = 0; k < third && basis.size < dimension; k++) {
    const z = probe(key, k, dimension);
    const image = await product(operator, z);
    taken++;
    const rest = await basis.orthogonalize(image, z, what);
    image.dispose();
    z.dispose();
    scale = Math.max(scale, rest.before);
    const spent = isDependent(rest, scale);
    if (!spent) {
      const q = basis.append(rest.vector, rest.length);
      captured += await form(q);
      taken++;
      q.dispose();
    }
    rest.vector.dispose();
    if (spent) break;
  }
  const rank = basis.size;
  const rests: number[] = [];
  for (let k = 0; k < third; k++) {
    const z = probe(key, third + k, dimension);
    const rest = await basis.orthogonalize(z, z, 'A probe of hutchPlusPlus');
    z.dispose();
    // A probe in the span has nothing outside it.
    rests.push(isDependent(rest, rest.before) ? 0 : await form(rest.vector));
    taken++;
    rest.vector.dispose();
  }
  basis.dispose();
  const outside = meanEstimate(rests, what);
  return {
    operator: name,
    trace: { value: captured + outside.value, standardError: outside.standardError },
    captured,
    rank,
    products: taken,
  };
}
