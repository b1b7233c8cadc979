/**
 * Rows: reductions of one space and the maps around them, joined into one kernel that goes through memory a row at a time.
 *
 * Think of what is reduced as a matrix of R rows and L columns: L runs over the reduced axes, R over the others. A value of
 * R·L elements is *full*, one of R elements belongs to the *rows*. A kernel may join a group of rows if it reads the group's values
 * only where it stands: full values at its own position (o, r), row values at its own row o, through a broadcast along the
 * reduced axes. Then a thread that owns row o needs nothing of another's, and computes reduction after reduction in loops
 * over r. So a softmax, its loss and its gradient are
 *
 *     m = max_r x;   s = Σ_r exp(x - m);   loss = ln s + m - x[label];   dx = exp(x - m) / s - [r = label]
 *
 * three loops of one kernel, and nothing but x, the loss and dx touches memory. What only the group reads is not stored,
 * but computed again in every loop that wants it.
 */
import type { AdapterTraits } from '../graph/primitive.ts';
import { sameShape, sizeOf, type Shape } from '../graph/shape.ts';
import { Dependencies } from './dependencies.ts';
import { isPointwise, type FusedGraph, type Kernel } from './fuse.ts';
import { inOrder } from './reads.ts';
import { elements, topological, type Node, type OperationNode } from './node.ts';

/** What is reduced: R rows by L. */
export interface Space {
  readonly shape: Shape;
  readonly axes: readonly number[];
}

/** What a kernel of rows reduces. */
export interface Rows extends Space {
  /** Operands before those that depend on them. */
  readonly reductions: readonly OperationNode[];
}

/** Rows longer than this take too long for one thread. */
const LONGEST = 1024;
/** On a GPU a thread that goes along a long row reads far from its neighbours. */
const LONGEST_ON_GPU = 64;
/** With fewer rows than this, long rows would leave cores idle that maps keep busy. */
const MANY_ROWS = 256;
const FEW_ELEMENTS = 16384;

const reductionNames = new Set(['sum', 'max', 'min']);

/** R. */
export function rowCount({ shape, axes }: Space): number {
  return sizeOf(shape.filter((_, axis) => !axes.includes(axis)));
}

/** L. */
export function rowLength({ shape, axes }: Space): number {
  return sizeOf(axes.map((axis) => shape[axis] as number));
}

/** The graph with kernels joined into rows where they can be. */
export function joinRows(
  graph: FusedGraph,
  outputs: readonly Node[],
  adapter: AdapterTraits,
  maxBuffers: number,
): FusedGraph {
  const dependencies = new Dependencies(graph);
  const groups: Group[] = [];
  for (const kernel of graph.kernels) {
    const own = spaceOf(kernel, adapter);
    const group = groups.find((candidate) => fits(kernel, own, candidate, graph, dependencies, maxBuffers));
    if (group) dependencies.join(group.lead, kernel);
    else if (own) groups.push({ space: own, lead: kernel });
  }

  const joined = new Map<Kernel, Kernel>();
  const dropped = new Set<Node>();
  for (const { space, lead } of groups) {
    const members = dependencies.group(lead);
    if (members.length < 2) continue;
    const roots = members.map(({ roots: [root] }) => root as Node);
    const wanted = new Set<Node>(outputs);
    for (const kernel of graph.kernels)
      if (!members.includes(kernel)) for (const node of dependencies.reads(kernel).keys()) wanted.add(node);
    const stored = roots.filter((root) => wanted.has(root));
    for (const root of roots) if (!wanted.has(root)) dropped.add(root);
    const reductions = reductionsOf(members);
    const kernel: Kernel = { roots: stored, rows: { ...space, reductions } };
    for (const member of members) joined.set(member, kernel);
  }
  const isStored = (node: Node): boolean => graph.isStored(node) && !dropped.has(node);
  const kernels = [...new Set(graph.kernels.map((kernel) => joined.get(kernel) ?? kernel))];
  return inOrder({ kernels, isStored });
}

interface Group {
  readonly space: Space;
  readonly lead: Kernel;
}

/** The space of a kernel that reduces, if a thread can well go along its rows. */
function spaceOf({ launch }: Kernel, adapter: AdapterTraits): Space | undefined {
  if (!launch || !reductionNames.has(launch.primitive.name) || launch.aval.dtype !== 'f32') return undefined;
  const { shape } = (launch.inputs[0] as Node).aval;
  const axes = launch.attributes['axes'] as readonly number[];
  const [rows, length] = [rowCount({ shape, axes }), rowLength({ shape, axes })];
  if (rows < 2 || length < 2 || length > (adapter.kind === 'gpu' ? LONGEST_ON_GPU : LONGEST))
    return undefined;
  return rows >= MANY_ROWS || rows * length <= FEW_ELEMENTS ? { shape, axes } : undefined;
}

function fits(
  kernel: Kernel,
  own: Space | undefined,
  { space, lead }: Group,
  graph: FusedGraph,
  dependencies: Dependencies,
  maxBuffers: number,
): boolean {
  const [root] = kernel.roots as [Node];
  if (root.kind !== 'operation') return false;
  const members = dependencies.group(lead);
  const read = dependencies.reads(kernel);
  const theirs = members.map((member) => dependencies.reads(member));
  const roots = new Set(members.flatMap((member) => member.roots));
  const linked = [...read.keys()].some((node) => roots.has(node));
  if (own) {
    if (!sameShape(own.shape, space.shape) || own.axes.join() !== space.axes.join()) return false;
    // Two reductions that do not depend on each other are joined for what both go through.
    const size = sizeOf(space.shape);
    const shared = [...read.keys()].some(
      (node) => elements(node) === size && theirs.some((others) => others.has(node)),
    );
    if (!linked && !shared) return false;
  } else if (kernel.launch || !linked) return false;
  const standing = own || elements(root) === rowCount(space) ? 'row' : 'full';
  if (standing === 'full' && elements(root) !== sizeOf(space.shape)) return false;
  const group = new Set<Node>([...roots, ...members.flatMap(({ launch }) => launch ?? [])]);
  if (!standsStill(root, standing, space, group, kernel, graph)) return false;
  const bound = new Set([...read.keys(), ...theirs.flatMap((others) => [...others.keys()]), ...roots, root]);
  return bound.size <= maxBuffers && dependencies.joinable(lead, kernel);
}

/** Where a value is asked for: at (o, r), or at o. */
type Standing = 'full' | 'row';

/** Whether the kernel that stores `root` reads what the group computes only where it stands itself. */
function standsStill(
  root: Node,
  standing: Standing,
  space: Space,
  group: ReadonlySet<Node>,
  kernel: Kernel,
  graph: FusedGraph,
): boolean {
  const rows = rowCount(space);
  const touches = touching(root, group, graph);
  const collapsed = space.shape.map((extent, axis) => (space.axes.includes(axis) ? 1 : extent));
  const known = new Map<string, boolean>();
  const visit = (node: Node, at: Standing): boolean => {
    const key = `${node.id} ${at}`;
    const verdict = known.get(key) ?? (!touches(node) || judge(node as OperationNode, at));
    known.set(key, verdict);
    return verdict;
  };
  const judge = (node: OperationNode, at: Standing): boolean => {
    if (node === kernel.launch) return at === 'row' && visit(node.inputs[0] as Node, 'full');
    if (group.has(node)) return elements(node) === (at === 'row' ? rows : sizeOf(space.shape));
    if (isPointwise(node)) return node.inputs.every((input) => visit(input, at));
    if (node.primitive.name !== 'broadcast') return false;
    const [source] = node.inputs as [Node];
    if (elements(source) === elements(node)) return visit(source, at);
    return (
      at === 'full' &&
      sameShape(node.aval.shape, space.shape) &&
      sameShape(source.aval.shape, collapsed) &&
      visit(source, 'row')
    );
  };
  return visit(root, standing);
}

/** Whether what a node is computed from, down to memory, includes values of the group. */
function touching(root: Node, group: ReadonlySet<Node>, graph: FusedGraph): (node: Node) => boolean {
  const known = new Map<Node, boolean>();
  const visit = (node: Node): boolean => {
    let touches = known.get(node);
    if (touches === undefined) {
      touches =
        group.has(node) ||
        (node.kind === 'operation' && (node === root || !graph.isStored(node)) && node.inputs.some(visit));
      known.set(node, touches);
    }
    return touches;
  };
  return visit;
}

function reductionsOf(members: readonly Kernel[]): OperationNode[] {
  const launches = new Set(members.flatMap(({ launch }) => launch ?? []));
  return topological(members.map(({ roots: [root] }) => root as Node)).filter(
    (node): node is OperationNode => node.kind === 'operation' && launches.has(node),
  );
}
