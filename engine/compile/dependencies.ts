/**
 * Which kernels must run before which, while kernels are being joined. Two may be joined if neither depends on the other through a
 * third: that one would have to run after and before the same kernel.
 */
import type { FusedGraph, Kernel } from './fuse.ts';
import type { Node } from './node.ts';
import { reads } from './reads.ts';

export type Reads = ReadonlyMap<Node, { readonly pointwise: boolean }>;

export class Dependencies {
  private readonly readsOf: Map<Kernel, Reads>;
  private readonly homes: Map<Node, Kernel>;
  /** What a kernel was joined into; itself if nothing. */
  private readonly joined = new Map<Kernel, Kernel>();
  private readonly members = new Map<Kernel, Kernel[]>();

  constructor(graph: FusedGraph) {
    this.readsOf = new Map(graph.kernels.map((kernel) => [kernel, reads(kernel, graph)]));
    this.homes = new Map(graph.kernels.flatMap((kernel) => kernel.roots.map((root) => [root, kernel])));
  }

  /** What a kernel of the graph reads. */
  reads(kernel: Kernel): Reads {
    return this.readsOf.get(kernel) as Reads;
  }

  /** The kernel, of those that lead a group, in which a value is stored; undefined for inputs. */
  home(node: Node): Kernel | undefined {
    const kernel = this.homes.get(node);
    return kernel && this.lead(kernel);
  }

  /** The kernels of a group, its lead first. */
  group(lead: Kernel): readonly Kernel[] {
    return this.members.get(lead) ?? [lead];
  }

  /** Whether one may run as part of the other. Both lead their groups. */
  joinable(a: Kernel, b: Kernel): boolean {
    return !this.reaches(a, b) && !this.reaches(b, a);
  }

  /** From now on `lead` stands for both. */
  join(lead: Kernel, other: Kernel): void {
    this.members.set(lead, [...this.group(lead), ...this.group(other)]);
    this.joined.set(other, lead);
  }

  private lead(kernel: Kernel): Kernel {
    let lead = kernel;
    for (let next = this.joined.get(lead); next; next = this.joined.get(lead)) lead = next;
    return lead;
  }

  private before(lead: Kernel): Kernel[] {
    return this.group(lead).flatMap((kernel) =>
      [...this.reads(kernel).keys()].flatMap((x) => this.home(x) ?? []),
    );
  }

  /** Whether `later` depends on `earlier` by a way over at least one other kernel. */
  private reaches(later: Kernel, earlier: Kernel): boolean {
    const seen = new Set<Kernel>([later, earlier]);
    const stack = this.before(later).filter((kernel) => !seen.has(kernel));
    for (let next = stack.pop(); next; next = stack.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      for (const kernel of this.before(next)) {
        if (kernel === earlier) return true;
        if (!seen.has(kernel)) stack.push(kernel);
      }
    }
    return false;
  }
}
