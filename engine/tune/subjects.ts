/** What there is to measure: the classes of shapes that a graph's launches ask about, each by the first launch that did. */
import { captureGraph } from '../compile/capture.ts';
import type { Target } from '../compile/compile.ts';
import { launchesOf } from '../compile/launches.ts';
import { bufferOperand, fuse } from '../compile/fuse.ts';
import { elements } from '../compile/node.ts';
import type { Aval } from '../graph/ndarray.ts';
import type { Attributes, Primitive } from '../graph/primitive.ts';
import { sizeOf } from '../graph/shape.ts';
import type { Tensor } from '../graph/tensor.ts';

/** An operation whose kernel can be chosen. */
export interface Subject {
  readonly shapeClass: string;
  /** Names of the kernels that can run, the launch rule's own choice first. At least two. */
  readonly variants: readonly string[];
  readonly primitive: Primitive;
  readonly inputs: readonly Aval[];
  readonly attributes: Attributes;
  /** Inputs in memory once although their shape has a batch: how many trailing axes are there. */
  readonly shared: ReadonlyMap<number, number>;
}

/** The subjects of a graph from `args` to `outputs`, in the order in which its kernels run. */
export function subjectsOf(outputs: readonly Tensor[], args: readonly Tensor[], target: Target): Subject[] {
  const graph = captureGraph(outputs, args, 'constants');
  const fused = fuse(graph.outputs, target.maxBuffers - 1);
  const found = new Map<string, Subject>();
  for (const kernel of fused.kernels) {
    const { launch } = kernel;
    if (!launch || elements(launch) === 0) continue;
    const shared = new Map<number, number>();
    const { kernel: how } = launch.primitive;
    for (const input of how.kind === 'launch' ? (how.buffers ?? []) : []) {
      const { shape } = (launch.inputs[input] as (typeof launch.inputs)[number]).aval;
      const inMemory = elements(bufferOperand(launch, input, fused.isStored));
      if (inMemory < sizeOf(shape) && how.kind === 'launch')
        shared.set(input, how.operandRank ?? shape.length);
    }
    const choice = (shapeClass: string, variants: readonly string[]): undefined => {
      if (variants.length > 1 && !found.has(shapeClass))
        found.set(shapeClass, {
          shapeClass,
          variants,
          primitive: launch.primitive,
          inputs: launch.inputs.map(({ aval }) => aval),
          attributes: launch.attributes,
          shared,
        });
    };
    launchesOf(kernel, fused, { ...target.adapter, choice });
  }
  return [...found.values()];
}

/** The operands, for people: `f32[256, 784] f32[784, 500]`. */
export function showOperands({ inputs }: Subject): string {
  return inputs.map(({ dtype, shape }) => `${dtype}[${shape.join(', ')}]`).join(' ');
}
