/** What the tests of layers share. */
import { expect } from 'vitest';
import { tree, type Tensor, type Tree } from '../../engine/index.ts';

export const values = async (x: Tensor): Promise<number[]> => [...(await x.data())];

/** All leaves in one list, in the order of their paths. */
export const flat = (x: Tree): Promise<number[]> => values(tree.ravel(x)[0]);

/** The largest |a_k - b_k| over the largest |b_k|. */
export function relativeDistance(a: readonly number[], b: readonly number[]): number {
  const scale = Math.max(...b.map(Math.abs), Number.MIN_VALUE);
  return Math.max(...a.map((value, k) => Math.abs(value - (b[k] ?? Number.NaN)))) / scale;
}

/** An expected error by its code. */
export const code = (name: string): unknown => expect.objectContaining({ code: name });
