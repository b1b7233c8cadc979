/**
 * Random orders on the host, as functions of a key: Fisher and Yates' shuffle from the front, so that the
 * first k elements are a uniform k-subset in uniform order, whether or not the rest is shuffled.
 *
 * Draw i picks one of the n - i elements left, floor(bits * (n - i) / 2^32): each is chosen with a
 * probability within 2^-32 of 1/(n - i), which is far below what any sample here could notice.
 */
import { bitsAt, type Words } from '../engine/random/threefry.ts';

/** An integer in [0, n) from element `index` of the stream under `key`. */
export function integerAt(key: Words, index: number, n: number): number {
  return Math.floor((bitsAt(key, index) * n) / 0x100000000);
}

/** A uniformly random order of 0, 1, ..., n - 1. */
export function permutation(key: Words, n: number): Int32Array {
  const order = identity(n);
  shuffleFront(order, key, n - 1);
  return order;
}

/** Draws subsets of {0, ..., n - 1} without replacement, in time proportional to the subset. */
export function subsetDrawer(n: number): (key: Words, size: number) => Int32Array {
  const order = identity(n);
  return (key, size) => {
    const swaps = shuffleFront(order, key, size);
    const subset = order.slice(0, size);
    // Undone in reverse, the order is the identity again, so the next subset depends on its key alone.
    for (let i = swaps.length - 1; i >= 0; i--) swap(order, i, swaps[i] ?? i);
    return subset;
  };
}

function identity(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => i);
}

function shuffleFront(order: Int32Array, key: Words, count: number): Int32Array {
  const swaps = new Int32Array(Math.max(0, count));
  for (let i = 0; i < count; i++) {
    const j = i + integerAt(key, i, order.length - i);
    swaps[i] = j;
    swap(order, i, j);
  }
  return swaps;
}

function swap(order: Int32Array, i: number, j: number): void {
  const held = order[i] ?? 0;
  order[i] = order[j] ?? 0;
  order[j] = held;
}
