/**
 * Directions in parameter space to look at noise along, and the derivatives of single examples along them.
 *
 * Along a direction v the gradient of a minibatch is the mean over its examples of ⟨g_μ, v⟩, and one pushforward of
 * the vector of losses gives these for a whole batch at once, at the cost of about two forward passes, with no
 * gradient ever being formed. Once they are known for all examples, any number of draws costs next to nothing.
 */
import {
  bitAnd,
  equal,
  jvp,
  mean,
  mul,
  random,
  rsqrt,
  sqrt,
  square,
  stack,
  sub,
  sum,
  tree,
  vjp,
  where,
  type Tensor,
  type Tree,
} from '../engine/index.ts';

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

/**
 * C v, with the covariance C (divisor N) of the gradients of the N examples behind `losses`, and without forming C or
 * any of them: C v = (1/N) Σ_μ (⟨g_μ, v⟩ - ⟨G, v⟩) g_μ is a pushforward along v, centred, pulled back.
 */
export function covarianceProduct<P extends Tree>(losses: (params: P) => Tensor, params: P, v: P): P {
  const derivatives = exampleDerivatives(losses, params, v);
  const [values, pullback] = vjp((at: P) => losses(at), params);
  return pullback(mul(sub(derivatives, mean(derivatives)), 1 / values.size))[0];
}

/** What one step of the power method found. */
export type PowerStep<P extends Tree> = {
  /** The next iterate, of length 1. */
  readonly direction: P;
  /** The Rayleigh quotient of the iterate it started from: an eigenvalue from below. */
  readonly value: Tensor;
  /** |Av - value · v|: an eigenvalue of A lies within so much of `value`. */
  readonly residual: Tensor;
};

/**
 * One step of the power method for a symmetric product A v: towards the leading eigenvector orthogonal to those in
 * `against`, by a factor of the ratio of the two leading eigenvalues.
 * @param v of length 1, orthogonal to `against`, which are orthonormal
 */
export function powerStep<P extends Tree>(
  product: (v: P) => P,
  v: P,
  against: readonly P[] = [],
): PowerStep<P> {
  const image = against.reduce((w, u) => subtract(w, u, innerProduct(w, u)), product(v));
  const value = innerProduct(v, image);
  const scale = rsqrt(innerProduct(image, image));
  const rest = subtract(image, v, value);
  return {
    direction: tree.map((leaf) => mul(leaf, scale), image),
    value,
    residual: sqrt(innerProduct(rest, rest)),
  };
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

/** A direction of length 1 whose components have one magnitude and independent random signs. */
export function randomDirection<P extends Tree>(key: Tensor, params: P): P {
  const leaves = tree.leaves(params);
  const magnitude = 1 / Math.sqrt(leaves.reduce((count, leaf) => count + leaf.size, 0));
  return tree.unflatten(
    params,
    leaves.map((leaf, k) =>
      where(equal(bitAnd(random.bits(random.foldIn(key, k), leaf.shape), 1), 1), magnitude, -magnitude),
    ),
  );
}

/** a - c b. */
function subtract<P extends Tree>(a: P, b: P, c: Tensor): P {
  return tree.map((x, y) => sub(x, mul(y, c)), a, b);
}

function total(terms: readonly Tensor[]): Tensor {
  return sum(stack(terms));
}
