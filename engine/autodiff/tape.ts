/**
 * What both derivatives have in common. A function is differentiated by calling it on fresh identity nodes
 * and reading the graph it built: the part between those nodes and the results is the tape. Because the
 * nodes are fresh, a derivative taken inside another sees its own paths and no others.
 *
 * The tape is taken at once, since realising a tensor later drops its producer.
 */
import { isFloat } from '../graph/dtype.ts';
import { fail } from '../graph/errors.ts';
import { apply, Tensor, topologicalOrder, transforming, type Operation } from '../graph/tensor.ts';
import { leaves, paths, unflatten, type Tree } from '../graph/tree.ts';
import { identityPrimitive } from '../ops/compare.ts';
import { none } from '../ops/scalar.ts';

/** An operation on a path from an argument to a result. */
export interface TapeEntry {
  readonly node: Tensor;
  readonly operation: Operation;
}

/** Fresh nodes for the leaves of a tree. */
export function wrap<T extends Tree>(tree: T): T {
  return unflatten(
    tree,
    leaves(tree).map((leaf) => apply(identityPrimitive, [leaf], none)),
  );
}

/** Calls `f` on fresh nodes for its arguments. */
export function trace<T extends readonly Tree[], R>(
  f: (...args: T) => R,
  args: T,
): { readonly wrapped: T; readonly result: R } {
  const wrapped = args.map(wrap) as unknown as T;
  return { wrapped, result: transforming(() => f(...wrapped)) };
}

/** The operations that carry a derivative from `from` to `to`, each after its inputs. */
export function tape(from: readonly Tensor[], to: readonly Tensor[]): TapeEntry[] {
  const sources = new Set(from);
  const active = new Set(from);
  const entries: TapeEntry[] = [];
  for (const node of topologicalOrder(to, sources)) {
    const { source } = node;
    if (source.kind !== 'operation' || sources.has(node) || !isFloat(node.dtype)) continue;
    if (!source.inputs.some((input) => active.has(input))) continue;
    active.add(node);
    entries.push({ node, operation: source });
  }
  return entries;
}

/** Refuses arguments that have no derivative. */
export function checkDifferentiable(transformation: string, tree: Tree): void {
  for (const { path, leaf } of paths(tree))
    if (!isFloat(leaf.dtype))
      fail(
        'NOT_DIFFERENTIABLE',
        `${transformation}: ${path === '' ? 'the argument' : `'${path}'`} is ${String(leaf)}; derivatives are taken of f32 only: pass integers as further arguments.`,
      );
}
