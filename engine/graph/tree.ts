/**
 * Trees: any nesting of arrays and plain objects with tensors as leaves, like JAX's pytrees. Parameters,
 * optimizer states and batches are trees. Objects are visited in the sorted order of their keys, so two
 * objects with the same keys flatten alike however they were built.
 */
import { fail } from './errors.ts';
import { Tensor } from './tensor.ts';

export type Tree = Tensor | readonly Tree[] | { readonly [key: string]: Tree };

/** The tensors of a tree, in order. */
export function leaves(tree: Tree): Tensor[] {
  const result: Tensor[] = [];
  visit(tree, '', (leaf) => result.push(leaf));
  return result;
}

/** The leaves with their stable paths: `layers/0/weight`. */
export function paths(tree: Tree): { readonly path: string; readonly leaf: Tensor }[] {
  const result: { path: string; leaf: Tensor }[] = [];
  visit(tree, '', (leaf, path) => result.push({ path, leaf }));
  return result;
}

function visit(tree: Tree, path: string, leaf: (leaf: Tensor, path: string) => void): void {
  if (tree instanceof Tensor) return leaf(tree, path);
  for (const [key, child] of children(tree, path)) visit(child, path === '' ? key : `${path}/${key}`, leaf);
}

function children(tree: Exclude<Tree, Tensor>, path: string): [string, Tree][] {
  if (Array.isArray(tree)) return tree.map((child: Tree, index) => [String(index), child]);
  if (typeof tree === 'object' && tree !== null && isPlain(tree))
    return Object.keys(tree)
      .sort()
      .map((key) => [key, (tree as Readonly<Record<string, Tree>>)[key] as Tree]);
  return fail(
    'TREE',
    `A tree holds tensors in arrays and plain objects, but ${path === '' ? 'its root' : `'${path}'`} is ${describe(tree)}: wrap numbers with tensor(…).`,
  );
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? `a ${value.constructor?.name ?? 'foreign object'}`
    : `${typeof value} ${String(value)}`;
}

/** The same tree with new leaves, given in the order of {@link leaves}. */
export function unflatten<T extends Tree>(structure: T, newLeaves: readonly Tensor[]): T {
  let next = 0;
  const build = (tree: Tree): Tree => {
    if (tree instanceof Tensor) {
      const leaf = newLeaves[next++];
      return leaf ?? fail('TREE', `unflatten: ${newLeaves.length} leaves are too few for this tree.`);
    }
    const entries = children(tree, '');
    return Array.isArray(tree)
      ? entries.map(([, child]) => build(child))
      : Object.fromEntries(entries.map(([key, child]) => [key, build(child)]));
  };
  const result = build(structure);
  if (next !== newLeaves.length)
    fail('TREE', `unflatten: the tree has ${next} leaves, but ${newLeaves.length} were given.`);
  return result as T;
}

/** Applies `f` to corresponding leaves of trees of one structure. */
export function map<T extends Tree>(
  f: (leaf: Tensor, ...rest: Tensor[]) => Tensor,
  tree: T,
  ...others: T[]
): T {
  const expected = structure(tree);
  for (const other of others)
    if (structure(other) !== expected)
      fail('TREE', `tree.map: the trees differ in structure: ${expected} and ${structure(other)}.`);
  const rest = others.map(leaves);
  return unflatten(
    tree,
    leaves(tree).map((leaf, k) => f(leaf, ...rest.map((list) => list[k] as Tensor))),
  );
}

/** The structure as text: equal for trees that flatten alike. */
export function structure(tree: Tree): string {
  if (tree instanceof Tensor) return '*';
  const entries = children(tree, '');
  return Array.isArray(tree)
    ? `[${entries.map(([, child]) => structure(child)).join(',')}]`
    : `{${entries.map(([key, child]) => `${JSON.stringify(key)}:${structure(child)}`).join(',')}}`;
}
