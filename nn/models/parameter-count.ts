/** Sizes of models. */
import { tree, type Tree } from '../../engine/index.ts';

/** Number of parameters in a tree. Reads shapes only: the parameters of a model that was never run are not drawn. */
export function parameterCount(params: Tree): number {
  return tree.leaves(params).reduce((sum, leaf) => sum + leaf.size, 0);
}
