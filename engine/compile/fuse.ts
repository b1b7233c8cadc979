/**
 * Fusion: which values are stored, and so what a kernel is. Everything that is not stored is computed where it
 * is read.
 *
 * Stored are results, and values of operations with a shader of their own (launches). An elementwise or movement
 * value is stored when several kernels would otherwise repeat costly work, when stretching it would repeat such work,
 * when a shader reads it as a whole buffer, or when a kernel would read more buffers than the adapter binds.
 *
 * A launch takes the elementwise chain that alone consumes it as its epilogue: a matrix product with its bias and
 * activation is one kernel, which stores the end of the chain.
 */
import { sameShape, sizeOf } from '../graph/shape.ts';
import { elements, topological, type Node, type OperationNode } from './node.ts';
import type { Rows } from './rows.ts';

/** A stored value and how it comes about. */
export interface Kernel {
  /** Values that the kernel stores; one for each launch. A map's are elementwise over the same positions. */
  readonly roots: readonly Node[];
  /** The operation with a shader of its own that the kernel runs; without it the kernel is a map. */
  readonly launch?: OperationNode;
  /** Where several sums run as one (join-sums.ts): all of them, the launch first. Root k belongs to the k-th. */
  readonly siblings?: readonly OperationNode[];
  /** The reductions of a kernel that goes along rows (rows.ts); it has no launch. */
  readonly rows?: Rows;
}

export interface FusedGraph {
  readonly kernels: readonly Kernel[];
  /** Whether a node's value is in memory when kernels read it. */
  isStored(node: Node): boolean;
}

/** Repeating less than this many operations is cheaper than a trip through memory. */
const CHEAP = 4;
/** The most operations composed into one kernel: compile times grow with it. */
const LARGEST = 400;

export function fuse(outputs: readonly Node[], maxBuffers: number): FusedGraph {
  const order = topological(outputs).filter((node): node is OperationNode => node.kind === 'operation');
  const uses = countUses(order);
  const results: ReadonlySet<Node> = new Set(outputs);
  const stored = new Set<Node>(outputs);
  const launches = new Map<Node, OperationNode>();

  /** The nodes between a launch and the end of its chain, which is the kernel that computes them. */
  const inChain = new Map<Node, Node>();
  for (const launch of order) {
    if (launch.primitive.kernel.kind !== 'launch') continue;
    // A node that joins two launches is the epilogue of the first; the other stores its own result.
    const claimed = (node: Node): boolean => inChain.has(node) || launches.has(node);
    const chain = chainFrom(launch, uses, results, claimed);
    const end = chain.at(-1) as OperationNode;
    for (const node of chain) if (node !== end) inChain.set(node, end);
    launches.set(end, launch);
    stored.add(end);
  }
  const isStored = (node: Node): boolean => node.kind === 'input' || stored.has(node);
  for (const node of order)
    for (const operand of bufferOperands(node, isStored)) if (operand.kind !== 'input') stored.add(operand);

  storeRepeatedWork(order, uses, stored, inChain);
  storeLargeExpressions(order, stored, inChain, launches, maxBuffers);

  const constants = [...stored].filter((node) => node.kind !== 'operation');
  const kernels: Kernel[] = [...constants, ...order.filter((node) => stored.has(node))].map((node) => {
    const launch = launches.get(node);
    return { roots: [node], ...(launch && { launch }) };
  });
  return { kernels, isStored };
}

/** Every operation by itself, its value stored: what fusion is held against. */
export function unfused(outputs: readonly Node[]): FusedGraph {
  const order = topological(outputs).filter((node) => node.kind === 'operation' || outputs.includes(node));
  const stored = new Set(order);
  const kernels = order.map((node): Kernel => ({ roots: [node], ...(isLaunch(node) && { launch: node }) }));
  return { kernels, isStored: (node) => node.kind === 'input' || stored.has(node) };
}

/** The consumers of every node, once per operand. */
function countUses(order: readonly OperationNode[]): Map<Node, Node[]> {
  const uses = new Map<Node, Node[]>();
  for (const node of order)
    for (const input of node.inputs) {
      const list = uses.get(input);
      if (list) list.push(node);
      else uses.set(input, [node]);
    }
  return uses;
}

/** The elementwise chain that alone consumes a launch, from the launch to the node that its kernel stores. */
function chainFrom(
  launch: OperationNode,
  uses: ReadonlyMap<Node, readonly Node[]>,
  results: ReadonlySet<Node>,
  isClaimed: (node: Node) => boolean,
): OperationNode[] {
  const chain = [launch];
  for (let end = launch; ;) {
    const consumers = uses.get(end) ?? [];
    const [next] = consumers;
    if (results.has(end) || next?.kind !== 'operation' || consumers.some((other) => other !== next))
      return chain;
    if (!isPointwise(next) || elements(next) !== elements(launch) || isClaimed(next)) return chain;
    chain.push(next);
    end = next;
  }
}

/** Whether element i of the result depends on element i of each operand alone, in row-major order. */
export function isPointwise(node: OperationNode): boolean {
  return node.primitive.kernel.kind === 'scalar' || node.primitive.name === 'reshape';
}

/** The values that a shader reads as whole buffers. */
export function bufferOperands(node: OperationNode, isStored: (node: Node) => boolean): Node[] {
  const { kernel } = node.primitive;
  return kernel.kind === 'launch' ? (kernel.buffers ?? []).map((k) => bufferOperand(node, k, isStored)) : [];
}

/**
 * The value whose buffer a shader reads as its input `input`, seen through views that cost nothing. Reshapes keep the
 * order in memory, and a broadcast that only adds leading axes repeats it whole. So what lies behind them holds the input
 * entirely, or holds one operand that serves the whole batch; anything else in between the shader could not address.
 */
export function bufferOperand(launch: OperationNode, input: number, isStored: (node: Node) => boolean): Node {
  const { kernel } = launch.primitive;
  const operand = launch.inputs[input] as Node;
  const rank = kernel.kind === 'launch' ? (kernel.operandRank ?? Infinity) : Infinity;
  const one = sizeOf(operand.aval.shape.slice(-rank));
  let readable = operand;
  for (let node = operand; node.kind === 'operation' && !isStored(node);) {
    const [source] = node.inputs as [Node];
    const { name } = node.primitive;
    if (name !== 'reshape' && !(name === 'broadcast' && repeatsWhole(source, node))) break;
    if (elements(source) === elements(operand) || elements(source) === one) readable = source;
    node = source;
  }
  return readable;
}

/** Whether a broadcast only adds leading axes. */
function repeatsWhole(source: Node, { aval: { shape } }: Node): boolean {
  const first = source.aval.shape.findIndex((extent) => extent !== 1);
  const significant = first < 0 ? [] : source.aval.shape.slice(first);
  return sameShape(significant, shape.slice(shape.length - significant.length));
}

/** Operations needed for one element, down to memory. */
function costs(
  order: readonly OperationNode[],
  stored: ReadonlySet<Node>,
  inChain: ReadonlyMap<Node, Node>,
): Map<Node, number> {
  const cost = new Map<Node, number>();
  for (const node of order) {
    const { kernel } = node.primitive;
    const own = kernel.kind === 'launch' ? 0 : kernel.expensive ? 16 : kernel.kind === 'scalar' ? 1 : 0;
    const behind =
      kernel.kind === 'launch'
        ? 0
        : node.inputs.reduce((sum, x) => sum + (stored.has(x) || inChain.has(x) ? 0 : (cost.get(x) ?? 0)), 0);
    cost.set(node, Math.min(own + behind, 1e6));
  }
  return cost;
}

/** Stores what several kernels, or several positions of a stretched axis, would compute again. */
function storeRepeatedWork(
  order: readonly OperationNode[],
  uses: ReadonlyMap<Node, readonly Node[]>,
  stored: Set<Node>,
  inChain: ReadonlyMap<Node, Node>,
): void {
  const cost = costs(order, stored, inChain);
  // The kernels that compute a node, from the results backwards: consumers are settled before their operands.
  const homes = new Map<Node, Set<Node>>();
  for (const node of order.toReversed()) {
    if (stored.has(node) || inChain.has(node)) {
      homes.set(node, new Set([inChain.get(node) ?? node]));
      continue;
    }
    const home = new Set<Node>();
    let stretched = false;
    for (const consumer of uses.get(node) ?? []) {
      for (const root of homes.get(consumer) ?? []) home.add(root);
      if (
        consumer.kind === 'operation' &&
        consumer.primitive.name === 'broadcast' &&
        elements(consumer) > elements(node)
      )
        stretched = true;
    }
    if ((cost.get(node) ?? 0) > CHEAP && (home.size > 1 || stretched) && !isView(node)) {
      stored.add(node);
      homes.set(node, new Set([node]));
    } else homes.set(node, home);
  }
}

/** Whether a value is another one's, moved or stretched: then that one is what to store. */
function isView({ primitive: { kernel }, inputs, aval }: OperationNode): boolean {
  const [source] = inputs;
  return (
    kernel.kind === 'index' &&
    !kernel.expensive &&
    inputs.length === 1 &&
    sizeOf(aval.shape) >= elements(source as Node)
  );
}

/**
 * Keeps every kernel within the number of buffers it may bind and the code it may hold. What an epilogue reads is read
 * by the kernel of its launch; where that is too much and no operand is left to store, the chain ends earlier.
 */
function storeLargeExpressions(
  order: readonly OperationNode[],
  stored: Set<Node>,
  inChain: Map<Node, Node>,
  launches: Map<Node, OperationNode>,
  maxBuffers: number,
): void {
  const isStored = (node: Node): boolean => node.kind === 'input' || stored.has(node);
  // A whole buffer counts for itself, though elements of it be read too: the two have different types.
  const leavesOf = new Map<Node, Set<Node | string>>();
  const operationsIn = new Map<Node, number>();
  const leaves = (x: Node): ReadonlySet<Node | string> =>
    isStored(x) ? new Set([x]) : (leavesOf.get(x) ?? new Set());
  const size = (x: Node): number => (stored.has(x) || isLaunch(x) ? 0 : (operationsIn.get(x) ?? 0));
  for (const node of order) {
    const operands = [...new Set(node.inputs)];
    const own = isLaunch(node)
      ? bufferOperands(node, isStored).map((_, k) => `buffer ${k} of ${node.id}`)
      : [];
    const read = (): Set<Node | string> => new Set([...own, ...operands.flatMap((x) => [...leaves(x)])]);
    const total = (): number => operands.reduce((sum, x) => sum + size(x), 1);
    while (read().size > maxBuffers || total() > LARGEST) {
      const candidates = operands.filter(
        (x) => x.kind === 'operation' && !stored.has(x) && !isLaunch(x) && !inChain.has(x) && size(x) > 0,
      );
      const heaviest = candidates.sort((a, b) => leaves(b).size - leaves(a).size || size(b) - size(a))[0];
      const link = operands.find((x) => inChain.has(x));
      if (heaviest) stored.add(heaviest);
      else if (link) endChainAt(link, stored, inChain, launches);
      else break;
    }
    leavesOf.set(node, read());
    operationsIn.set(node, total());
  }
}

/** Makes `link`, within the chain of a launch, its end. What follows is computed from the stored value. */
function endChainAt(
  link: Node,
  stored: Set<Node>,
  inChain: Map<Node, Node>,
  launches: Map<Node, OperationNode>,
): void {
  const end = inChain.get(link) as Node;
  const launch = launches.get(end) as OperationNode;
  const before = new Set<Node>();
  for (let node = link; node !== launch;) {
    node = (node as OperationNode).inputs.find((x) => x === launch || inChain.get(x) === end) as Node;
    before.add(node);
  }
  for (const [node, itsEnd] of inChain)
    if (itsEnd === end) {
      if (before.has(node)) inChain.set(node, link);
      else inChain.delete(node);
    }
  launches.delete(end);
  launches.set(link, launch);
  stored.add(link);
}

function isLaunch(node: Node): node is OperationNode {
  return node.kind === 'operation' && node.primitive.kernel.kind === 'launch';
}
