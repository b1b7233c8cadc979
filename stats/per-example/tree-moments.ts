/**
 * Mean and spread, element by element, of a stream of trees that stays on the device; and of two streams as one. Chan, Golub &
 * LeVeque (1979): n values of mean a and sum of squared deviations s, and m values of mean b and squares t, have together
 *
 *   mean a + (b - a) m/(n + m),   squares s + t + (b - a)² n m/(n + m)
 *
 * so pieces of any sizes give what one pass over all would, in any order and grouping, but for rounding. Σx² - (Σx)²/n would
 * lose the digits of a spread that is small against the mean; this does not.
 */
import {
  add,
  div,
  maximum,
  mean,
  mul,
  square,
  sub,
  sum,
  tensor,
  tree,
  zeros,
  zerosLike,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';

export type TreeMoments<T extends Tree> = {
  /** Trees seen, f32 scalar: exact up to 2^24. */
  readonly count: Tensor;
  readonly mean: T;
  /** Σ (x - mean)²: a sum, not divided. */
  readonly squares: T;
};

/** Of no trees, each like the one given. */
export function emptyTreeMoments<T extends Tree>(like: T): TreeMoments<T> {
  return { count: zeros([]), mean: tree.map(zerosLike, like), squares: tree.map(zerosLike, like) };
}

/** Of the trees in one: leaves [m, ...] hold m of them. @throws EMPTY for m = 0 */
export function treeMomentsOf<T extends Tree>(values: T): TreeMoments<T> {
  const count = tree.leaves(values)[0]?.shape[0] ?? 0;
  if (count === 0)
    fail('EMPTY', 'treeMomentsOf: there are no values: give leaves with at least one along the first axis.');
  return {
    count: tensor(count),
    mean: tree.map((leaf) => mean(leaf, 0), values),
    squares: tree.map((leaf) => sum(square(sub(leaf, mean(leaf, 0, true))), 0), values),
  };
}

/** Of the values of both. */
export function mergeTreeMoments<T extends Tree>(a: TreeMoments<T>, b: TreeMoments<T>): TreeMoments<T> {
  const count = add(a.count, b.count);
  // Two empty streams are an empty stream.
  const share = div(b.count, maximum(count, 1));
  const weight = mul(a.count, share);
  return {
    count,
    mean: tree.map((x, y) => add(x, mul(sub(y, x), share)), a.mean, b.mean),
    squares: tree.map(
      (s, t, x, y) => add(add(s, t), mul(square(sub(y, x)), weight)),
      a.squares,
      b.squares,
      a.mean,
      b.mean,
    ),
  };
}

/** Adds the trees in `values`, whose leaves have them along their first axis. */
export function observeTrees<T extends Tree>(moments: TreeMoments<T>, values: T): TreeMoments<T> {
  return mergeTreeMoments(moments, treeMomentsOf(values));
}
