/**
 * Order and place: in which order kernels run, and which results are written over the memory
 * of a donated argument.
 *
 * A result may take over an argument's memory if every kernel that reads the argument runs before the one that
 * writes the result, which itself reads it only at the position it is about to write. Readers are ordered first
 * where the data allow it; otherwise the result is written elsewhere and copied at the end.
 */
import { elements, type InputNode, type Node } from './node.ts';
import { isPointwise, type FusedGraph, type Kernel } from './fuse.ts';
import { bytesOf } from './program.ts';
import { reads } from './reads.ts';

export interface Schedule {
  readonly kernels: readonly Kernel[];
  /** For each output, the argument whose memory it takes over. */
  readonly donors: readonly (number | undefined)[];
  /** Outputs with a donor that cannot be written in place, to be copied there at the end. */
  readonly copied: ReadonlySet<number>;
}

export function schedule(
  graph: FusedGraph,
  outputs: readonly Node[],
  donated: readonly boolean[],
  inputCount: number,
): Schedule {
  const { kernels } = graph;
  const kernelOf = new Map<Node, Kernel>(
    kernels.flatMap((kernel) => kernel.roots.map((root) => [root, kernel] as const)),
  );
  const readsOf = new Map(kernels.map((kernel) => [kernel, reads(kernel, graph)]));
  const after = new Map<Kernel, Set<Kernel>>();
  for (const kernel of kernels)
    after.set(
      kernel,
      new Set(
        [...(readsOf.get(kernel) as Map<Node, unknown>).keys()].flatMap((node) => kernelOf.get(node) ?? []),
      ),
    );

  const donors = assignDonors(outputs, donated, inputCount, graph, readsOf);
  const copied = new Set<number>();
  donors.forEach((donor, k) => {
    if (donor === undefined) return;
    const writer = kernelOf.get(outputs[k] as Node) as Kernel;
    const readers = kernels.filter((kernel) =>
      [...(readsOf.get(kernel) as Map<Node, unknown>).keys()].some((node) => isInput(node, donor)),
    );
    const own = [...(readsOf.get(writer) as Map<Node, { pointwise: boolean }>)].find(([node]) =>
      isInput(node, donor),
    );
    const others = readers.filter((kernel) => kernel !== writer);
    // A later copy would also be wrong if the output were read in place of the argument, so order is all that matters.
    if ((own && !own[1].pointwise) || others.some((reader) => reaches(reader, writer, after))) copied.add(k);
    else for (const reader of others) (after.get(writer) as Set<Kernel>).add(reader);
  });
  return { kernels: order(kernels, outputs, kernelOf, after), donors, copied };
}

function isInput(node: Node, input: number): boolean {
  return node.kind === 'input' && node.input === input;
}

/** Whether `kernel` must run after `target`. */
function reaches(kernel: Kernel, target: Kernel, after: ReadonlyMap<Kernel, ReadonlySet<Kernel>>): boolean {
  const seen = new Set<Kernel>();
  const stack = [kernel];
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (next === target) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    stack.push(...(after.get(next) ?? []));
  }
  return false;
}

/**
 * Pairs outputs with donated arguments of the same dtype and size: first with the argument that the output is
 * computed from position by position, then in order.
 */
function assignDonors(
  outputs: readonly Node[],
  donated: readonly boolean[],
  inputCount: number,
  graph: FusedGraph,
  readsOf: ReadonlyMap<Kernel, ReadonlyMap<Node, { readonly pointwise: boolean }>>,
): (number | undefined)[] {
  const donors = new Array<number | undefined>(outputs.length).fill(undefined);
  const free = new Map<number, InputNode>();
  const inputs = new Set<InputNode>();
  for (const read of readsOf.values())
    for (const node of read.keys()) if (node.kind === 'input') inputs.add(node);
  for (const node of inputs) if (node.input < inputCount && donated[node.input]) free.set(node.input, node);
  const fits = (output: Node, input: Node): boolean =>
    input.aval.dtype === output.aval.dtype &&
    elements(input) === elements(output) &&
    bytesOf(input.aval) === bytesOf(output.aval);
  const claim = (accepts: (output: Node, input: InputNode) => boolean): void =>
    outputs.forEach((output, k) => {
      if (donors[k] !== undefined) return;
      for (const [index, input] of [...free].sort(([a], [b]) => a - b)) {
        if (!fits(output, input) || !accepts(output, input)) continue;
        donors[k] = index;
        free.delete(index);
        return;
      }
    });
  claim((output, input) => pointwiseSources(output, graph).has(input));
  claim(() => true);
  return donors;
}

/** Inputs that a result depends on through elementwise operations alone, nearest chains first. */
function pointwiseSources(output: Node, graph: FusedGraph): Set<Node> {
  const sources = new Set<Node>();
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.kind === 'input') sources.add(node);
    else if (node.kind === 'operation' && (node === output || !graph.isStored(node)) && isPointwise(node))
      node.inputs.forEach(visit);
  };
  visit(output);
  return sources;
}

/** Kernels after those they depend on, depth first from the results, so that values are used soon after they are made. */
function order(
  kernels: readonly Kernel[],
  outputs: readonly Node[],
  kernelOf: ReadonlyMap<Node, Kernel>,
  after: ReadonlyMap<Kernel, ReadonlySet<Kernel>>,
): Kernel[] {
  const done = new Set<Kernel>();
  const visit = (kernel: Kernel): void => {
    if (done.has(kernel)) return;
    done.add(kernel);
    for (const before of after.get(kernel) ?? []) visit(before);
    result.push(kernel);
  };
  const result: Kernel[] = [];
  for (const output of outputs) visit(kernelOf.get(output) as Kernel);
  for (const kernel of kernels) visit(kernel);
  return result;
}
