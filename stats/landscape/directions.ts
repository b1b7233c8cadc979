/**
 * Directions to look along. In a network with relu or normalisation the size of a filter means little, since the next layer
 * undoes it, so a step of one length is small for large filters and large for small ones, and pictures of different networks
 * cannot be compared. Filter normalisation (Li, Xu, Taylor, Studer & Goldstein, 2018) gives every filter of a direction the
 * norm of the filter of the parameters it moves:  d_f ← d_f |θ_f| / |d_f|.
 */
import {
  div,
  equal,
  jit,
  mul,
  random,
  sqrt,
  square,
  sum,
  tree,
  where,
  zerosLike,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';

/**
 * The direction, filter by filter as long as the parameters. A filter is what makes one output channel: [R, S, C] of a filter
 * bank [R, S, C, O], a column of a matrix [inputs, outputs]. Parameters of rank 0 or 1 (biases, scales and offsets of
 * normalisation) stay where they are: 0, as published. A filter without direction stays as well.
 */
export function filterNormalized<P extends Tree>(direction: P, params: P): P {
  return tree.map(
    (d, theta) => {
      if (theta.rank < 2) return zerosLike(theta);
      const axes = Array.from({ length: theta.rank - 1 }, (_, axis) => axis);
      const length = (x: Tensor): Tensor => sqrt(sum(square(x), axes, true));
      const own = length(d);
      const none = equal(own, 0);
      return mul(d, where(none, 0, div(length(theta), where(none, 1, own))));
    },
    direction,
    params,
  );
}

/** Independent standard normal components, a function of the key: u32[2]. */
export function gaussianDirection<P extends Tree>(key: Tensor, params: P): P {
  return tree.unflatten(
    params,
    tree.leaves(params).map((leaf, k) => random.normal(random.foldIn(key, k), leaf.shape)),
  );
}

/** A random direction, filter-normalised: what planes are usually drawn with. */
export function randomFilterDirection<P extends Tree>(key: Tensor, params: P): P {
  const make = jit((seed: Tensor, at: P): P => filterNormalized(gaussianDirection(seed, at), at));
  const direction = make(key, params);
  make.dispose();
  return direction;
}
