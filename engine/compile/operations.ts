/** What a dispatch computes, for people: listings, profiles and figures per second are made from this. */
import type { Aval } from '../graph/ndarray.ts';
import type { Attributes } from '../graph/primitive.ts';
import type { FusedGraph, Kernel } from './fuse.ts';
import { elements, type Node, type OperationNode } from './node.ts';

/** An operation that a dispatch has a part in. */
export interface Operation {
  /** The primitive's. */
  readonly name: string;
  readonly output: Aval;
  readonly inputs: readonly Aval[];
  readonly attributes: Attributes;
  /** Floating-point operations, a multiply-add being two; each element once, however often the kernel recomputes it. */
  readonly flops: number;
}

/** The operations composed into a kernel, operands before their consumers. */
export function operationsOf(kernel: Kernel, graph: FusedGraph): OperationNode[] {
  const found: OperationNode[] = [];
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    const inMemory = graph.isStored(node) && !kernel.roots.includes(node);
    if (node.kind !== 'operation' || seen.has(node) || inMemory) return;
    seen.add(node);
    node.inputs.forEach(visit);
    found.push(node);
  };
  kernel.roots.forEach(visit);
  return found;
}

export function describe(node: OperationNode): Operation {
  return {
    name: node.primitive.name,
    output: node.aval,
    inputs: node.inputs.map(({ aval }) => aval),
    attributes: node.attributes,
    flops: flopsOf(node),
  };
}

/**
 * One per element for a function of elements, none for movement. An operation whose rounding is bounded by its number of terms
 * adds that many for each element; one that reads whole operands is a contraction, and multiplies them first.
 */
function flopsOf(node: OperationNode): number {
  const { kernel, accuracy } = node.primitive;
  if (kernel.kind === 'scalar') return elements(node);
  if (kernel.kind === 'index' || accuracy.kind !== 'sum') return 0;
  const terms = accuracy.terms(
    node.inputs.map(({ aval }) => aval),
    node.attributes,
  );
  return terms * elements(node) * (kernel.buffers?.length ? 2 : 1);
}
