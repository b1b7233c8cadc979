/**
 * Joins maps over the same number of positions: those that share what they read, or read each other position by position, so that
 * an optimizer's moments and parameters are updated in one pass; and small ones that have nothing in common, since a kernel
 * of its own costs more than they do.
 */
import { Dependencies } from './dependencies.ts';
import type { FusedGraph, Kernel } from './fuse.ts';
import { elements, type Node } from './node.ts';
import { inOrder } from './reads.ts';

/** Elements of a map whose dispatch costs more than its work. */
const SMALL = 4096;

export function joinMaps(graph: FusedGraph, maxBuffers: number): FusedGraph {
  const dependencies = new Dependencies(graph);
  const leads: Kernel[] = [];
  for (const kernel of graph.kernels) {
    const lead = isMap(kernel)
      ? leads.find((candidate) => fits(kernel, candidate, dependencies, maxBuffers))
      : undefined;
    if (lead) dependencies.join(lead, kernel);
    else leads.push(kernel);
  }
  const kernels = leads.map((lead) => {
    const group = dependencies.group(lead);
    return group.length === 1 ? lead : { roots: group.flatMap(({ roots }) => roots) };
  });
  return inOrder({ ...graph, kernels });
}

function isMap({ launch, rows }: Kernel): boolean {
  return !launch && !rows;
}

function fits(kernel: Kernel, lead: Kernel, dependencies: Dependencies, maxBuffers: number): boolean {
  const [root, other] = [kernel.roots[0] as Node, lead.roots[0] as Node];
  const count = elements(root);
  if (!isMap(lead) || elements(other) !== count || count === 0) return false;
  const group = dependencies.group(lead);
  const own = dependencies.reads(kernel);
  const theirs = group.flatMap((member) => [...dependencies.reads(member)]);
  const roots = new Set<Node>([...group.flatMap((member) => member.roots), root]);
  // What one stores the other may read only where it stands. And what one reads so may be updated in place, if the other does.
  if ([...own, ...theirs].some(([node, { pointwise }]) => roots.has(node) && !pointwise)) return false;
  if (theirs.some(([node, { pointwise }]) => (own.get(node)?.pointwise ?? pointwise) !== pointwise))
    return false;
  const linked = [...own.keys()].some((node) => roots.has(node));
  const shared = theirs.some(([node]) => own.has(node) && elements(node) === count);
  if (!linked && !shared && count > SMALL) return false;
  const bound = new Set([...theirs.map(([node]) => node), ...own.keys(), ...roots]);
  return bound.size <= maxBuffers && dependencies.joinable(lead, kernel);
}
