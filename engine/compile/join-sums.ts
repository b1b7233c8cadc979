/**
 * Joins sums of one space that do not depend on each other and read a tensor in common: they go through it together, as one sum
 * of vectors. Both sums of a batch normalisation's gradient, of dy and of dy·x̂, are such a pair.
 */
import { sameShape, sizeOf } from '../graph/shape.ts';
import { Dependencies } from './dependencies.ts';
import type { FusedGraph, Kernel } from './fuse.ts';
import { elements, type Node, type OperationNode } from './node.ts';
import { inOrder } from './reads.ts';

/** Components of the widest vector. */
const MOST = 4;

export function joinSums(graph: FusedGraph, maxBuffers: number): FusedGraph {
  const dependencies = new Dependencies(graph);
  const leads: Kernel[] = [];
  for (const kernel of graph.kernels) {
    const lead = isSum(kernel)
      ? leads.find((candidate) => fits(kernel, candidate, dependencies, maxBuffers))
      : undefined;
    if (lead) dependencies.join(lead, kernel);
    else leads.push(kernel);
  }
  const kernels = leads.map((lead): Kernel => {
    const group = dependencies.group(lead);
    if (group.length === 1) return lead;
    return {
      roots: group.flatMap(({ roots }) => roots),
      launch: lead.launch as OperationNode,
      siblings: group.map(({ launch }) => launch as OperationNode),
    };
  });
  return inOrder({ ...graph, kernels });
}

function isSum(kernel: Kernel): kernel is Kernel & { readonly launch: OperationNode } {
  return kernel.launch?.primitive.name === 'sum' && kernel.launch.aval.dtype === 'f32';
}

function fits(
  kernel: Kernel & { readonly launch: OperationNode },
  lead: Kernel,
  dependencies: Dependencies,
  maxBuffers: number,
): boolean {
  const group = dependencies.group(lead);
  if (!isSum(lead) || group.length >= MOST || !sameSpace(lead.launch, kernel.launch)) return false;
  const own = dependencies.reads(kernel);
  const theirs = group.flatMap((member) => [...dependencies.reads(member).keys()]);
  const roots = new Set<Node>([...group.flatMap((member) => member.roots), ...kernel.roots]);
  // A sum is known only when all of it has been read.
  if ([...own.keys(), ...theirs].some((node) => roots.has(node))) return false;
  const size = sizeOf((kernel.launch.inputs[0] as Node).aval.shape);
  if (!theirs.some((node) => own.has(node) && elements(node) === size)) return false;
  const bound = new Set([...theirs, ...own.keys(), ...roots]);
  return bound.size <= maxBuffers && dependencies.joinable(lead, kernel);
}

function sameSpace(a: OperationNode, b: OperationNode): boolean {
  const [x, y] = [a.inputs[0] as Node, b.inputs[0] as Node];
  const axes = (node: OperationNode): string => String(node.attributes['axes']);
  return sameShape(x.aval.shape, y.aval.shape) && axes(a) === axes(b);
}
