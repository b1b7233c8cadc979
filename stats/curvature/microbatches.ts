/**
 * A data set in pieces that fit into memory. Results do not depend on the pieces but by rounding: every piece adds its sum,
 * and the whole is divided by N once, so that an uneven last piece weighs what it should.
 */
import { slice, tensor, tree, type Tensor, type Tree } from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';

export interface Microbatches<B extends Tree> {
  /** N: examples in all (or ghost batches, where these are the units). */
  readonly count: number;
  /** Examples per piece to begin with; it is halved when memory does not suffice. */
  readonly size: number;
  /**
   * All examples, each once, in the same order every time, in pieces of `size` and a last one of the rest. A generator that
   * makes tensors disposes of them when it is resumed or ended.
   */
  pieces(size: number): Iterable<B>;
}

/**
 * A tree of tensors [N, ...] cut along the first axis.
 * @throws EMPTY for no examples, BATCH_SIZE for a size that is no positive integer, SHAPE if the leaves differ in N
 */
export function microbatches<B extends Tree>(data: B, size?: number): Microbatches<B> {
  const leaves = tree.leaves(data);
  const count = leaves[0]?.shape[0] ?? 0;
  for (const { path, leaf } of tree.paths(data))
    if (leaf.shape[0] !== count)
      fail(
        'SHAPE',
        `microbatches: '${path}' is ${String(leaf)} and another leaf has ${count} examples: the first axis of all is that of the examples.`,
      );
  return checked('microbatches', count, size, function* (length) {
    if (length >= count) {
      yield data;
      return;
    }
    for (let from = 0; from < count; from += length) {
      const parts = leaves.map((leaf) => {
        const [start, stop] = [leaf.shape.map(() => 0), [...leaf.shape]];
        [start[0], stop[0]] = [from, Math.min(from + length, count)];
        return slice(leaf, start, stop);
      });
      try {
        yield tree.unflatten(data, parts);
      } finally {
        parts.forEach((part) => part.dispose());
      }
    }
  });
}

/**
 * Examples named by their indices, for sets that lie on the device: `batchOf` makes of i32 [B] what the problem calls a
 * batch, such as `(indices) => ({ indices, tensors: set.tensors })`.
 */
export function indexMicrobatches<B extends Tree>(
  count: number,
  size: number,
  batchOf: (indices: Tensor) => B,
): Microbatches<B> {
  return checked('indexMicrobatches', count, size, function* (length) {
    for (let from = 0; from < count; from += length) {
      const indices = tensor(Int32Array.from({ length: Math.min(length, count - from) }, (_, k) => from + k));
      try {
        yield batchOf(indices);
      } finally {
        indices.dispose();
      }
    }
  });
}

function checked<B extends Tree>(
  what: string,
  count: number,
  size: number = count,
  pieces: Microbatches<B>['pieces'],
): Microbatches<B> {
  if (count < 1) fail('EMPTY', `${what}: there are no examples to measure: give at least one.`);
  if (!Number.isInteger(size) || size < 1)
    fail('BATCH_SIZE', `${what}: microbatches of ${size}: give a positive integer.`);
  return { count, size: Math.min(size, count), pieces };
}
