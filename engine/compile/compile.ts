/** capture -> fuse -> schedule -> plan memory -> compose: from a graph to a program. */
import { phase } from '../graph/phases.ts';
import type { AdapterTraits } from '../graph/primitive.ts';
import type { CapturedGraph } from './capture.ts';
import { compose, labelOf, type Places } from './compose.ts';
import { fuse, unfused, type FusedGraph, type Kernel } from './fuse.ts';
import { joinMaps } from './join-maps.ts';
import { joinSums } from './join-sums.ts';
import { launchesOf, temporariesOf } from './launches.ts';
import { planMemory, type Interval } from './memory.ts';
import { topological, type Node } from './node.ts';
import { operationsOf } from './operations.ts';
import { joinRows } from './rows.ts';
import { tileTransposes } from './transposes.ts';
import { bytesOf, type BufferRef, type Program, type ProgramOutput } from './program.ts';
import { reads } from './reads.ts';
import { schedule } from './schedule.ts';

export interface Target {
  readonly adapter: AdapterTraits;
  /** Storage buffers that one kernel may bind. */
  readonly maxBuffers: number;
  /** `none` makes a kernel of every operation, for comparison. */
  readonly fusion?: 'none';
}

/**
 * @param graph what to compute
 * @param donated which of the first inputs give their memory to the outputs
 */
export function compile(graph: CapturedGraph, donated: readonly boolean[], target: Target): Program {
  // Bindings that the table of scalars and the fault words may need.
  const nodes = topological(graph.outputs);
  const gathers = nodes.some(
    (node) => node.kind === 'operation' && ['gather', 'place'].includes(node.primitive.name),
  );
  const maxBuffers = target.maxBuffers - Number(graph.scalars.length > 0) - Number(gathers);
  const fused = phase('fuse', () =>
    target.fusion === 'none' ? unfused(graph.outputs) : fuseAll(graph.outputs, target.adapter, maxBuffers),
  );
  const plan = phase('schedule', () => schedule(fused, graph.outputs, donated, donated.length));

  // Values in scratch memory, and how long they live.
  const intervals: (Interval & { readonly label: string })[] = [];
  const intervalOf = new Map<Node, number>();
  const temporaryOf = new Map<Kernel, Map<number, number>>();
  const outputOf = new Map<Node, number>(graph.outputs.map((node, k) => [node, k]));
  const lastRead = new Map<Node, number>();
  plan.kernels.forEach((kernel, time) => {
    for (const node of reads(kernel, fused).keys()) lastRead.set(node, time);
  });
  plan.kernels.forEach((kernel, time) => {
    const label = labelOf(kernel, operationsOf(kernel, fused));
    for (const root of kernel.roots) {
      const output = outputOf.get(root);
      if (output !== undefined && !plan.copied.has(output)) continue;
      const to = output !== undefined ? plan.kernels.length : (lastRead.get(root) ?? time);
      intervalOf.set(root, intervals.push({ bytes: bytesOf(root.aval), from: time, to, label }) - 1);
    }
    const temporaries = temporariesOf(launchesOf(kernel, fused, target.adapter));
    temporaryOf.set(
      kernel,
      new Map(
        [...temporaries].map(([k, aval]) => [
          k,
          intervals.push({ bytes: bytesOf(aval), from: time, to: time, label: `${label}, part ${k}` }) - 1,
        ]),
      ),
    );
  });
  const memory = phase('plan memory', () => planMemory(intervals));
  const slot = (interval: number): BufferRef => ({ kind: 'slot', index: memory.slotOf[interval] as number });

  const places: Places = {
    of(node) {
      if (node.kind === 'input') return { kind: 'input', index: node.input };
      const interval = intervalOf.get(node);
      if (interval !== undefined) return slot(interval);
      const output = outputOf.get(node) as number;
      const donor = plan.donors[output];
      return donor === undefined ? { kind: 'output', index: output } : { kind: 'input', index: donor };
    },
    scalarBytes: 4 * graph.scalars.length,
    temporary: (kernel, index) => slot(temporaryOf.get(kernel)?.get(index) as number),
  };

  const outputs = graph.outputs.map((node, k): ProgramOutput => {
    const donor = plan.donors[k];
    return {
      aval: node.aval,
      ...(donor !== undefined && { donor }),
      ...(plan.copied.has(k) && { from: places.of(node) }),
    };
  });
  const composed = phase('compose', () =>
    plan.kernels.map((kernel, k) => compose(kernel, k, fused, places, target.adapter)),
  );
  // A kernel may take several dispatches: what lives from kernel to kernel lives from the first of one to the last of the other.
  const firstOf = [0];
  for (const { length } of composed) firstOf.push((firstOf.at(-1) as number) + length);
  return {
    inputs: graph.inputs,
    outputs,
    dispatches: composed.flat(),
    slots: memory.slots,
    lifetimes: intervals.map(({ bytes, from, to, label }, k) => ({
      slot: memory.slotOf[k] as number,
      bytes,
      from: firstOf[from] as number,
      to: to < composed.length ? (firstOf[to + 1] as number) - 1 : (firstOf[to] as number),
      label,
    })),
    scalars: graph.scalars.length,
  };
}

function fuseAll(outputs: readonly Node[], adapter: AdapterTraits, maxBuffers: number): FusedGraph {
  const alone = fuse(outputs, maxBuffers - 1);
  const rows = joinRows(alone, outputs, adapter, maxBuffers);
  return tileTransposes(joinMaps(joinSums(rows, maxBuffers), maxBuffers), adapter);
}
