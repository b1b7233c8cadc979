/**
 * Parameters as coordinates. Operators act on flat vectors; the coordinates say which parameters these hold, in the order of
 * `tree.leaves`: all, or those whose path a predicate chooses, with the others held fixed.
 */
import {
  concat,
  flatten,
  reshape,
  slice,
  tree,
  zerosLike,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';

/** Which parameters vary, by path: `(path) => path.startsWith('dense1/')`. */
export type ParameterFilter = (path: string) => boolean;

export interface Coordinates<P extends Tree> {
  /** Numbers in the chosen leaves. */
  readonly dimension: number;
  /** Paths of the chosen leaves. */
  readonly paths: readonly string[];
  readonly chosen: readonly Tensor[];
  readonly fixed: readonly Tensor[];
  /** The parameters of these leaves. */
  join(chosen: readonly Tensor[], fixed: readonly Tensor[]): P;
  /** A vector [dimension] as chosen leaves. */
  split(vector: Tensor): Tensor[];
  /** The chosen part of a tree like the parameters: [dimension]. A single leaf of rank 1 is itself that. */
  ravel(tree: P): Tensor;
  /** A vector as a tree like the parameters, 0 in what was not chosen. */
  unravel(vector: Tensor): P;
}

/** @throws EMPTY_SUBSET if the filter chooses nothing */
export function coordinates<P extends Tree>(params: P, filter: ParameterFilter = () => true): Coordinates<P> {
  const all = tree.paths(params);
  const isChosen = all.map(({ path }) => filter(path));
  const pick = (leaves: readonly Tensor[], wanted: boolean): Tensor[] =>
    leaves.filter((_, k) => isChosen[k] === wanted);
  const leaves = all.map(({ leaf }) => leaf);
  const chosen = pick(leaves, true);
  const dimension = chosen.reduce((count, leaf) => count + leaf.size, 0);
  if (dimension === 0)
    fail(
      'EMPTY_SUBSET',
      `The filter chooses none of the parameters ${all.map(({ path }) => `'${path}'`).join(', ')}: choose at least one.`,
    );
  const join = (some: readonly Tensor[], others: readonly Tensor[]): P => {
    const [a, b] = [some.values(), others.values()];
    return tree.unflatten(
      params,
      isChosen.map((yes) => (yes ? a : b).next().value as Tensor),
    );
  };
  const split = (vector: Tensor): Tensor[] => {
    let offset = 0;
    return chosen.map((leaf) => reshape(slice(vector, [offset], [(offset += leaf.size)]), leaf.shape));
  };
  return {
    dimension,
    paths: all.filter((_, k) => isChosen[k]).map(({ path }) => path),
    chosen,
    fixed: pick(leaves, false),
    join,
    split,
    ravel: (other) => flatLeaves(pick(tree.leaves(other), true)),
    unravel: (vector) => join(split(vector), pick(leaves, false).map(zerosLike)),
  };
}

/** Leaves one after the other as one vector. */
export function flatLeaves(leaves: readonly Tensor[]): Tensor {
  return concat(leaves.map(flatten));
}
