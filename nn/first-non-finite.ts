/**
 * Where a computation stopped being finite. The nodes of a graph are evaluated one by one, each after its inputs,
 * so the first that holds an infinity or a NaN is where it came from: everything that entered it was finite.
 * Every intermediate value stays in memory until the end, and the host waits after every node: this is for
 * explaining a failure after the fact, not for watching a run.
 */
import { currentBackend } from '../engine/graph/backend.ts';
import { topologicalOrder } from '../engine/graph/tensor.ts';
import { all, isFinite, tree, type Shape, type Tensor, type Tree } from '../engine/index.ts';
import { layerOf } from './labels.ts';

/** The first tensor found not to be finite. */
export interface NonFinite {
  /** The primitive that computed it, or `input` for a tensor that was given. */
  readonly primitive: string;
  readonly shape: Shape;
  /** The layer it was computed in, where `sequential` built it. */
  readonly layer?: string;
  /** The path of a given tensor in `inputs`. */
  readonly input?: string;
  /** One phrase with all of the above. */
  readonly description: string;
}

/**
 * The first node behind `outputs` that is not finite, in topological order, or undefined if all are finite.
 *
 * @param outputs a graph that has not been realised yet: a realised tensor has forgotten what it was made from
 * @param inputs the tensors that the graph starts from, for their names
 */
export async function firstNonFinite(outputs: Tree, inputs: Tree = {}): Promise<NonFinite | undefined> {
  const names = new Map(tree.paths(inputs).map(({ path, leaf }) => [leaf, path]));
  const nodes = topologicalOrder(tree.leaves(outputs)).map((node) => ({
    node,
    primitive: node.source.kind === 'operation' ? node.source.primitive.name : 'input',
  }));
  for (const { node, primitive } of nodes) {
    if (node.dtype !== 'f32') continue;
    if (primitive !== 'input') await currentBackend().realize([node]);
    if ((await all(isFinite(node)).item()) === 0) return describe(node, primitive, names.get(node));
  }
  return undefined;
}

function describe(node: Tensor, primitive: string, input: string | undefined): NonFinite {
  const layer = layerOf(node);
  const what = primitive === 'input' ? `the input '${input ?? 'constant'}'` : `the result of ${primitive}`;
  return {
    primitive,
    shape: node.shape,
    ...(layer !== undefined && { layer }),
    ...(input !== undefined && { input }),
    description: `${what}, ${String(node)}${layer === undefined ? '' : `, in layer '${layer}'`}`,
  };
}
