/** Which shaders a kernel runs, and over how many workgroups: maps and rows here, everything else by the primitive's own rule. */
import { fail } from '../graph/errors.ts';
import type { Aval } from '../graph/ndarray.ts';
import type { AdapterTraits, Block, Launch, Operand } from '../graph/primitive.ts';
import { bufferOperand, type FusedGraph, type Kernel } from './fuse.ts';
import { elements, type Node, type OperationNode } from './node.ts';
import { rowCount, rowLength } from './rows.ts';
import { isTransposed, transposeLaunch } from './transposes.ts';

/** The launches of a kernel; a map is one launch of shaders/map.wgsl, and what goes along rows one of shaders/rows.wgsl. */
export function launchesOf(kernel: Kernel, graph: FusedGraph, adapter: AdapterTraits): readonly Launch[] {
  const { launch, rows, siblings } = kernel;
  if (rows) {
    const [count, length] = [rowCount(rows), rowLength(rows)];
    const constants = { ROWS: count, LENGTH: length };
    return [{ shader: 'rows', constants, blocks: {}, groups: [Math.ceil(count / 32), 1, 1] }];
  }
  if (!launch) {
    const count = elements(kernel.roots[0] as Node);
    const perThread = elementsPerThread(count, adapter);
    const constants = { COUNT: count, ELEMENTS: perThread };
    return [{ shader: 'map', constants, blocks: {}, groups: [Math.ceil(count / (64 * perThread)), 1, 1] }];
  }
  if (isTransposed(launch)) return [transposeLaunch(launch)];
  if (launch.primitive.kernel.kind !== 'launch')
    return fail('COMPILER', `${launch.primitive.name} has no launch.`);
  const launches = launch.primitive.kernel.launch({
    inputs: launch.inputs.map((input) => input.aval),
    output: launch.aval,
    attributes: launch.attributes,
    adapter,
    elementsOf: (input) => elements(bufferOperand(launch, input, graph.isStored)),
  });
  return siblings ? launches.map((each) => ofVectors(each, widthOf(siblings))) : launches;
}

/** A launch of a sum as one of vectors, each component a sum of its own. */
function ofVectors(launch: Launch, width: number): Launch {
  const wide = (operand: Operand): Operand =>
    typeof operand === 'object' && 'temporary' in operand
      ? { ...operand, aval: { ...operand.aval, shape: [...operand.aval.shape, width] } }
      : operand;
  const blocks = Object.entries(launch.blocks).map(([name, block]): [string, Block] => {
    if ('element' in block) return [name, { ...block, element: wide(block.element) }];
    return [name, 'store' in block ? { ...block, store: wide(block.store) } : block];
  });
  return {
    ...launch,
    blocks: { ...Object.fromEntries(blocks), type: { text: `alias T = vec${width}f;` } },
  };
}

/** Components of the vectors that sums run as: two, or four, since three take the room of four. */
export function widthOf(siblings: readonly OperationNode[]): number {
  return siblings.length > 2 ? 4 : 2;
}

/** A driver that runs on the CPU pays for every thread: eight elements for each are twice as fast (docs/kernels.md). */
function elementsPerThread(count: number, adapter: AdapterTraits): number {
  return adapter.kind === 'cpu' && count >= 16384 ? 8 : 1;
}

/** The temporaries that a kernel's launches name, by number. */
export function temporariesOf(launches: readonly Launch[]): Map<number, Aval> {
  const found = new Map<number, Aval>();
  for (const { blocks } of launches)
    for (const block of Object.values(blocks)) {
      const operand = operandOf(block);
      if (typeof operand === 'object' && 'temporary' in operand) found.set(operand.temporary, operand.aval);
    }
  return found;
}

function operandOf(block: Block): Operand | undefined {
  if ('element' in block) return block.element;
  if ('store' in block) return block.store;
  return 'buffer' in block ? block.buffer : undefined;
}
