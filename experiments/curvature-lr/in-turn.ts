/** What is summed over the passes of a large batch. */
import { add, realize, tree, type Tensor, type Tree } from '../../engine/index.ts';

/** Σ of trees of tensors of the same shapes, one for each item, computed one after the other in the memory of one. */
export async function summedInTurn<I, T extends Tree>(items: readonly I[], of: (item: I) => T): Promise<T> {
  let sum: T | undefined;
  for (const item of items) {
    const next: T = sum === undefined ? of(item) : tree.map(add, sum, of(item));
    await realize(...tree.leaves(next));
    if (sum) disposeAll(tree.leaves(sum));
    sum = next;
  }
  return sum as T;
}

export function disposeAll(tensors: readonly Tensor[]): void {
  tensors.forEach((each) => each.dispose());
}
