/** Stored transposes: a kernel that only exchanges the last two axes of a stored tensor goes through tiles on a GPU. */
import type { AdapterTraits, Launch } from '../graph/primitive.ts';
import { sizeOf } from '../graph/shape.ts';
import type { FusedGraph, Kernel } from './fuse.ts';
import type { Node } from './node.ts';

/** Narrower matrices fit a cache line or two whichever way they are read. */
const NARROW = 16;

/** The tensor that a kernel transposes and does nothing else to, if it does so on a GPU and it is worth tiles. */
export function transposed(
  { roots, launch, rows }: Kernel,
  graph: FusedGraph,
  adapter: AdapterTraits,
): Node | undefined {
  const [root] = roots;
  if (adapter.kind !== 'gpu' || launch || rows || roots.length !== 1) return undefined;
  if (root?.kind !== 'operation' || root.primitive.name !== 'transpose') return undefined;
  const [source] = root.inputs as [Node];
  const { shape } = source.aval;
  const rank = shape.length;
  const permutation = root.attributes['permutation'] as readonly number[];
  const swaps = permutation.every((axis, k) => axis === (k < rank - 2 ? k : 2 * rank - 3 - k));
  const [height, width] = shape.slice(-2) as [number, number];
  const groups = sizeOf(shape.slice(0, -2));
  const stored = source.kind === 'input' || (source.kind === 'operation' && graph.isStored(source));
  return rank >= 2 && swaps && stored && Math.min(height, width) > NARROW && groups <= 65535
    ? source
    : undefined;
}

/** The launch; its blocks `load` and `store` are the composer's. */
export function transposeLaunch({ aval: { shape, dtype } }: Node): Launch {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return {
    shader: 'transpose_tiled',
    constants: { ROWS: rows, COLUMNS: columns },
    blocks: { type: { text: `alias T = ${dtype === 'bool' ? 'u32' : dtype};` } },
    groups: [Math.ceil(columns / 32), Math.ceil(rows / 32), sizeOf(shape.slice(0, -2))],
  };
}
