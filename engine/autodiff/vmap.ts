/**
 * Batching. `vmap(f)` is f applied to every element of a batch, as one graph: f is called once, on placeholders
 * for one element, and every operation that depends on them is replaced by its record's batching rule. What does not
 * depend on them is computed once.
 *
 * Like a derivative it is a function from graph to graph, so the two compose in any order: `vmap(grad(loss))` batches
 * a graph that holds a backward pass, and `grad` of a function that calls `vmap` reads the batched operations.
 */
import { fail } from '../graph/errors.ts';
import { normalizeAxis } from '../graph/shape.ts';
import { placeholder, settle, topologicalOrder, transforming, type Tensor } from '../graph/tensor.ts';
import { leaves, paths, unflatten, type Tree } from '../graph/tree.ts';
import { broadcastTo, transpose } from '../ops/movement.ts';

export interface VmapOptions {
  /** The axis that is mapped over, for every argument (all leaves of a tree alike) or one for all; null passes it whole. Default 0. */
  readonly in?: number | null | readonly (number | null)[];
  /** Where the results have the batch. Default 0. */
  readonly out?: number;
}

/**
 * `f` on every element of a batch at once. `vmap(grad(loss), { in: [null, 0] })(params, examples)` is the gradient of
 * every example.
 *
 * @throws VMAP if no argument is mapped over, or their extents differ; AXIS for an axis that a leaf does not have
 */
export function vmap<Args extends readonly Tree[], R extends Tree>(
  f: (...args: Args) => R,
  { in: inAxes = 0, out = 0 }: VmapOptions = {},
): (...args: Args) => R {
  return (...args) => {
    const axes = args.map((_, k) => (Array.isArray(inAxes) ? axisOf(inAxes, k, args.length) : inAxes)) as (
      number | null
    )[];
    const named = args.flatMap((arg, k) =>
      paths(arg).map(({ path, leaf }) => ({
        name: path === '' ? `argument ${k}` : `argument ${k}, '${path}'`,
        leaf,
        axis: axes[k] ?? null,
      })),
    );
    const mapped = named.flatMap(({ name, leaf, axis }) =>
      axis === null ? [] : [{ name, leaf: moveToFront(leaf, axis, name) }],
    );
    const size = commonExtent(mapped);
    const elements = mapped.map(({ leaf, name }) =>
      placeholder({ shape: leaf.shape.slice(1), dtype: leaf.dtype }, `${name} of one element`),
    );
    let next = 0;
    const inner = named.map(({ leaf, axis }) => (axis === null ? leaf : (elements[next++] as Tensor)));
    const batched = new Map(elements.map((element, k) => [element, (mapped[k] as { leaf: Tensor }).leaf]));
    const result = transforming(() => {
      const one = f(...(unflatten(args as readonly Tree[], inner) as unknown as Args));
      return unflatten(one, batch(leaves(one), batched, size, out));
    });
    settle(leaves(result));
    return result;
  };
}

function axisOf(axes: readonly (number | null)[], k: number, count: number): number | null {
  if (axes.length !== count)
    fail(
      'VMAP',
      `vmap: 'in' names ${axes.length} arguments, but the call has ${count}: give one axis or null for each.`,
    );
  return axes[k] ?? null;
}

/** Replaces the elements by their batches in the graph of `outputs`. */
function batch(
  outputs: readonly Tensor[],
  batches: ReadonlyMap<Tensor, Tensor>,
  size: number,
  out: number,
): Tensor[] {
  const known = new Map(batches);
  for (const node of topologicalOrder(outputs, new Set(batches.keys()))) {
    const { source } = node;
    if (source.kind !== 'operation' || known.has(node)) continue;
    const { primitive, attributes } = source;
    const inputs = source.inputs.map((input) => known.get(input) ?? input);
    const batched = source.inputs.map((input) => known.has(input));
    if (batched.includes(true))
      known.set(node, primitive.batch({ primitive, inputs, batched, size, attributes }));
  }
  return outputs.map((output) => {
    const result = known.get(output) ?? broadcastTo(output, [size, ...output.shape]);
    return moveFromFront(result, normalizeAxis('vmap', out, result.rank));
  });
}

function commonExtent(mapped: readonly { readonly name: string; readonly leaf: Tensor }[]): number {
  const [first] = mapped;
  if (!first)
    return fail('VMAP', 'vmap: no argument is mapped over: give an axis for at least one in { in: [...] }.');
  const size = first.leaf.shape[0] as number;
  for (const { name, leaf } of mapped)
    if (leaf.shape[0] !== size)
      fail(
        'VMAP',
        `vmap: ${first.name} has ${size} elements and ${name} has ${leaf.shape[0]}: the mapped axes must agree.`,
      );
  return size;
}

function moveToFront(x: Tensor, axis: number, name: string): Tensor {
  if (x.rank === 0)
    fail('AXIS', `vmap: ${name} is a scalar and has no axis to map over: pass it whole with { in: null }.`);
  const at = normalizeAxis('vmap', axis, x.rank);
  const rest = x.shape.map((_, k) => k).filter((k) => k !== at);
  return at === 0 ? x : transpose(x, [at, ...rest]);
}

function moveFromFront(x: Tensor, axis: number): Tensor {
  if (axis === 0) return x;
  const order = x.shape.map((_, k) => k).slice(1);
  return transpose(x, [...order.slice(0, axis), 0, ...order.slice(axis)]);
}
