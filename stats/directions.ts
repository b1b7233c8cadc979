/**
 * Directions in parameter space to look at noise along, and the derivatives of single examples along them.
 *
 * Along a direction v the gradient of a minibatch is the mean over its examples of ⟨g_μ, v⟩, and one pushforward of
 * the vector of losses gives these for a whole batch at once, at the cost of about two forward passes, with no
 * gradient ever being formed. Once they are known for all examples, any number of draws costs next to nothing.
 */
import {
  jvp,
  matmul,
  mul,
  random,
  rsqrt,
  square,
  stack,
  sub,
  sum,
  tensor,
  tree,
  type Tensor,
  type Tree,
} from '../engine/index.ts';
import { symmetricEigen } from './eigen.ts';

/**
 * ⟨g_μ, v⟩ for every example μ of a batch.
 * @param losses maps parameters to the losses of the batch's examples, [B]
 * @returns [B]
 */
export function exampleDerivatives<P extends Tree>(
  losses: (params: P) => Tensor,
  params: P,
  direction: P,
): Tensor {
  return jvp(losses, [params], [direction])[1];
}

/** ⟨a, b⟩ over all leaves. */
export function innerProduct<P extends Tree>(a: P, b: P): Tensor {
  const others = tree.leaves(b);
  return total(tree.leaves(a).map((leaf, k) => sum(mul(leaf, others[k] as Tensor))));
}

/** |a - b|² over all leaves. */
export function squaredDistance<P extends Tree>(a: P, b: P): Tensor {
  const others = tree.leaves(b);
  return total(tree.leaves(a).map((leaf, k) => sum(square(sub(leaf, others[k] as Tensor)))));
}

/** A direction of length 1, uniform on the sphere: independent normals, normalised. */
export function randomDirection<P extends Tree>(key: Tensor, params: P): P {
  const leaves = tree.leaves(params);
  const raw = tree.unflatten(
    params,
    leaves.map((leaf, k) => random.normal(random.foldIn(key, k), leaf.shape)),
  );
  const scale = rsqrt(innerProduct(raw, raw));
  return tree.map((leaf) => mul(leaf, scale), raw);
}

/** The leading directions of a sample of noise vectors. */
export interface PrincipalDirections<P extends Tree> {
  /** Of length 1, orthogonal, by descending variance. */
  readonly directions: readonly P[];
  /** Mean square (about 0, over the T vectors) along each direction. */
  readonly meanSquares: readonly number[];
}

/**
 * The first `count` principal directions of T noise vectors (already centred) with P elements, T far below P. The
 * eigenvectors of X Xᵀ [T, T] are those of Xᵀ X [P, P] seen from the other side: v_k = Xᵀ u_k / √λ_k. Only the
 * small matrix is read back.
 */
export async function principalDirections<P extends Tree>(
  noises: readonly P[],
  count: number,
): Promise<PrincipalDirections<P>> {
  const rows = noises.map((noise) => tree.ravel(noise)[0]);
  const [first] = noises as [P];
  const unravel = tree.ravel(first)[1];
  const x = stack(rows);
  const gram = await matmul(x, x, { transposeB: true }).data();
  const { values, vectors } = symmetricEigen(gram, noises.length);
  const directions = vectors.slice(0, count).map((vector, k) => {
    const coefficients = vector.map((u) => u / Math.sqrt(values[k]!));
    return unravel(matmul(tensor(coefficients), x));
  });
  return { directions, meanSquares: Array.from(values.slice(0, count), (value) => value / noises.length) };
}

function total(terms: readonly Tensor[]): Tensor {
  return sum(stack(terms));
}
