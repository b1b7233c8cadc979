/** Trees as vectors. */
import { sizeOf } from '../graph/shape.ts';
import type { Tensor } from '../graph/tensor.ts';
import { leaves, unflatten, type Tree } from '../graph/tree.ts';
import { concat } from './concat.ts';
import { flatten, reshape } from './movement.ts';
import { slice } from './slice.ts';

/** All leaves as one flat vector, in order, and the way back. The leaves share one dtype. */
export function ravel<T extends Tree>(tree: T): [vector: Tensor, unravel: (vector: Tensor) => T] {
  const list = leaves(tree);
  const unravel = (vector: Tensor): T => {
    let offset = 0;
    return unflatten(
      tree,
      list.map((leaf) => {
        const part = slice(vector, [offset], [(offset += sizeOf(leaf.shape))]);
        return reshape(part, leaf.shape);
      }),
    );
  };
  return [concat(list.map(flatten)), unravel];
}
