/** What a kernel reads, and the order that follows from it. */
import { bufferOperands, isPointwise, type FusedGraph, type Kernel } from './fuse.ts';
import { elements, type Node } from './node.ts';
import { rowCount } from './rows.ts';

/** The stored values that a kernel reads, and whether each is read only at the position being written. */
export function reads(kernel: Kernel, graph: FusedGraph): Map<Node, { readonly pointwise: boolean }> {
  const found = new Map<Node, { pointwise: boolean }>();
  const note = (node: Node, pointwise: boolean): void => {
    const known = found.get(node);
    found.set(node, { pointwise: pointwise && (known?.pointwise ?? true) });
  };
  const seen = new Set<string>();
  const visit = (node: Node, pointwise: boolean): void => {
    if (node.kind === 'input' || (graph.isStored(node) && !kernel.roots.includes(node)))
      return note(node, pointwise);
    const key = `${node.id} ${pointwise}`;
    if (node.kind !== 'operation' || seen.has(key)) return;
    seen.add(key);
    const straight = pointwise && isPointwise(node);
    const buffers = bufferOperands(node, graph.isStored);
    const wholes = node.primitive.kernel.kind === 'launch' ? (node.primitive.kernel.buffers ?? []) : [];
    for (const buffer of buffers) note(buffer, false);
    node.inputs.forEach((input, k) => {
      if (!wholes.includes(k)) visit(input, straight);
    });
  };
  for (const root of kernel.roots) {
    // A root of the same kernel is at hand; every other stored value comes from memory. A kernel along rows stores what belongs
    // to a row when all else is done, but elements of it in a loop after which others may read.
    const last = !kernel.rows || elements(root) === rowCount(kernel.rows);
    if (root.kind === 'operation') visit(root, last);
  }
  return found;
}

/** The same graph with every kernel after those whose values it reads. */
export function inOrder(graph: FusedGraph): FusedGraph {
  const homes = new Map(graph.kernels.flatMap((kernel) => kernel.roots.map((root) => [root, kernel])));
  const kernels = new Set<Kernel>();
  const visit = (kernel: Kernel): void => {
    if (kernels.has(kernel)) return;
    for (const node of reads(kernel, graph).keys()) {
      const home = homes.get(node);
      if (home) visit(home);
    }
    kernels.add(kernel);
  };
  graph.kernels.forEach(visit);
  return { ...graph, kernels: [...kernels] };
}
