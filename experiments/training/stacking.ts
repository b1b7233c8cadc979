/**
 * States of replicas stacked along a first axis, and their rows, by way of the host. It is done at the beginning, at
 * snapshots and when replicas have ended, so it should cost no program, which would take longer to compile than to run.
 */
import { tensor, tree, type HostArray, type Shape, type Tensor, type Tree } from '../../engine/index.ts';

/** The leaves of a tree, in order. */
export async function readTree(owner: Tree): Promise<readonly HostArray[]> {
  return Promise.all(tree.leaves(owner).map((leaf) => leaf.data()));
}

/** Trees of one structure as one, whose leaves have them along a new first axis. */
export async function stackTrees<T extends Tree>(trees: readonly T[]): Promise<T> {
  const hosts = await Promise.all(trees.map(readTree));
  const [first] = trees as readonly [T, ...T[]];
  const stacked = tree
    .leaves(first)
    .map(({ shape, dtype }, k) =>
      tensor(joinRows(hosts.map((host) => host[k] as HostArray)), [trees.length, ...shape], dtype),
    );
  return tree.unflatten(first, stacked);
}

/** One row of a stacked tree, whose leaves are given on the host. */
export function rowOfTree<T extends Tree>(stacked: T, hosts: readonly HostArray[], row: number): T {
  return remade(stacked, ({ shape }, k) => ({
    values: rowOf(hosts[k] as HostArray, row, shape[0] as number),
    shape: shape.slice(1),
  }));
}

/** The same tree with these rows alone. */
export function rowsOfTree<T extends Tree>(
  stacked: T,
  hosts: readonly HostArray[],
  rows: readonly number[],
): T {
  return remade(stacked, ({ shape: [count = 0, ...rest] }, k) => ({
    values: joinRows(rows.map((row) => rowOf(hosts[k] as HostArray, row, count))),
    shape: [rows.length, ...rest],
  }));
}

function remade<T extends Tree>(
  stacked: T,
  make: (leaf: Tensor, k: number) => { readonly values: HostArray; readonly shape: Shape },
): T {
  const leaves = tree.leaves(stacked).map((leaf, k) => {
    const { values, shape } = make(leaf, k);
    return tensor(values, shape, leaf.dtype);
  });
  return tree.unflatten(stacked, leaves);
}

function rowOf(values: HostArray, row: number, rows: number): HostArray {
  const size = values.length / rows;
  return values.slice(row * size, (row + 1) * size);
}

/** One array of rows of one length; those that are not given are zeros. */
export function joinRows(rows: readonly (HostArray | undefined)[]): HostArray {
  const first = rows.find((row) => row !== undefined) as HostArray;
  const joined = new (first.constructor as new (length: number) => HostArray)(first.length * rows.length);
  rows.forEach((row, k) => row && joined.set(row, k * first.length));
  return joined;
}
