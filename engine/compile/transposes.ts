/**
 * Stored transposes. A transpose is an index map and fuses into what reads it; a map that does nothing but exchange the last two axes
 * of a stored tensor becomes a launch of shaders/transpose_tiled.wgsl on a GPU, where a map would touch memory with a stride.
 */
import type { AdapterTraits, Index, Launch } from '../graph/primitive.ts';
import { sizeOf } from '../graph/shape.ts';
import type { FusedGraph, Kernel } from './fuse.ts';
import type { Node, OperationNode } from './node.ts';
import { swapsLastTwo } from './simplify.ts';

/** Narrower matrices fit a cache line or two whichever way they are read. */
const NARROW = 16;
/** Matrices of a batch are workgroups along z. */
const MOST = 65535;

/** The graph in which stored transposes are launches, where tiles are worth it. */
export function tileTransposes(graph: FusedGraph, adapter: AdapterTraits): FusedGraph {
  if (adapter.kind !== 'gpu') return graph;
  const kernels = graph.kernels.map((kernel): Kernel => {
    const { roots, launch, rows } = kernel;
    const [root] = roots as [Node];
    const alone = !launch && !rows && roots.length === 1;
    return alone && isWide(swapsLastTwo(root), graph) ? { roots, launch: root as OperationNode } : kernel;
  });
  return { ...graph, kernels };
}

/** Whether what is transposed is in memory, and large enough. */
function isWide(source: Node | undefined, { isStored }: FusedGraph): boolean {
  if (!source || !isStored(source)) return false;
  const { shape } = source.aval;
  const [rows, columns] = shape.slice(-2) as [number, number];
  return Math.min(rows, columns) > NARROW && sizeOf(shape.slice(0, -2)) <= MOST;
}

/** Whether the launch of a kernel is such a transpose: no other one is an index map. */
export function isTransposed({ primitive }: OperationNode): boolean {
  return primitive.name === 'transpose';
}

export function transposeLaunch({ inputs, aval: { dtype } }: OperationNode): Launch {
  const { shape } = (inputs[0] as Node).aval;
  const [rows, columns] = shape.slice(-2) as [number, number];
  const at: Index = { shape, linear: 'i' };
  return {
    shader: 'transpose_tiled',
    constants: { ROWS: rows, COLUMNS: columns },
    blocks: {
      type: { text: `alias T = ${dtype === 'bool' ? 'u32' : dtype};` },
      load: { element: { input: 0 }, parameters: ['i: u32'], at },
      store: { store: 'output', parameters: ['i: u32', 'value: T'], linear: 'i' },
    },
    groups: [Math.ceil(columns / 32), Math.ceil(rows / 32), sizeOf(shape.slice(0, -2))],
  };
}
