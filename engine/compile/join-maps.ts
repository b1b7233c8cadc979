/**
 * Joins maps over the same number of positions that share what they read, or read each other position by position:
 * an optimizer's moments and parameters are updated in one pass.
 */
import type { FusedGraph, Kernel } from './fuse.ts';
import { elements, type Node } from './node.ts';
import { reads } from './reads.ts';

export function joinMaps(graph: FusedGraph, maxBuffers: number): FusedGraph {
  const kernels: Kernel[] = [];
  const homes = new Map<Node, number>();
  const behind: Set<number>[] = [];
  const readsOf: Map<Node, { readonly pointwise: boolean }>[] = [];
  for (const kernel of graph.kernels) {
    const own = reads(kernel, graph);
    const direct = [...own.keys()].flatMap((node) => homes.get(node) ?? []);
    const before = new Set(direct.flatMap((k) => [k, ...(behind[k] as Set<number>)]));
    const [root] = kernel.roots as [Node];
    const target =
      kernel.launch || kernel.rows
        ? undefined
        : kernels.findIndex((candidate, k) => {
            const [other] = candidate.roots as [Node];
            if (
              candidate.launch ||
              candidate.rows ||
              elements(other) !== elements(root) ||
              elements(root) === 0
            )
              return false;
            // Nothing between the two may depend on the first.
            if ([...before].some((b) => b !== k && (behind[b] as Set<number>).has(k))) return false;
            const theirs = readsOf[k] as Map<Node, { readonly pointwise: boolean }>;
            const linked = [...own].filter(([node]) => homes.get(node) === k);
            if (linked.some(([, { pointwise }]) => !pointwise)) return false;
            const shared = [...own.keys()].some(
              (node) => theirs.has(node) && elements(node) === elements(root),
            );
            if (linked.length === 0 && !shared) return false;
            const buffers = new Set([...theirs.keys(), ...own.keys(), ...candidate.roots, root]);
            return buffers.size <= maxBuffers;
          });
    if (target === undefined || target < 0) {
      for (const each of kernel.roots) homes.set(each, kernels.length);
      kernels.push(kernel);
      behind.push(before);
      readsOf.push(own);
      continue;
    }
    const joined = { roots: [...(kernels[target] as Kernel).roots, root] };
    kernels[target] = joined;
    homes.set(root, target);
    before.delete(target);
    for (const k of before) (behind[target] as Set<number>).add(k);
    // What comes after the target now also comes after what the joined kernel needs.
    behind.forEach((set) => {
      if (set.has(target)) for (const k of before) set.add(k);
    });
    const all = readsOf[target] as Map<Node, { readonly pointwise: boolean }>;
    for (const [node, use] of own) {
      if (homes.get(node) === target) continue;
      all.set(node, { pointwise: use.pointwise && (all.get(node)?.pointwise ?? true) });
    }
  }
  return { ...graph, kernels };
}
