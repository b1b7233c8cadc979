/**
 * From tensors to the compiler's graph. Leaves become inputs; scalars that the host gave become constants
 * of a recorded program, or, in a program that is run once, entries of its table of scalars, so that a
 * loop whose learning rate changes does not compile anew at every step.
 */
import { toWords } from '../graph/dtype.ts';
import { fail } from '../graph/errors.ts';
import { Tensor, topologicalOrder } from '../graph/tensor.ts';
import { Builder, type Node } from './node.ts';
import { identityPrimitive } from '../ops/compare.ts';

export interface CapturedGraph {
  /** One node for each result, distinct and with memory of its own. */
  readonly outputs: readonly Node[];
  /** The tensors behind the inputs, in order: arguments first. */
  readonly inputs: readonly Tensor[];
  /** The words of the table of scalars. */
  readonly scalars: Uint32Array<ArrayBuffer>;
}

/** Values so common, and so useful to the simplifier, that they are always constants. */
const plain = new Set([0, 1, -1, 2, 0.5]);

export function captureGraph(
  roots: readonly Tensor[],
  args: readonly Tensor[],
  scalarsAre: 'constants' | 'inputs',
): CapturedGraph {
  const builder = new Builder();
  const inputs: Tensor[] = [...args];
  const nodes = new Map<Tensor, Node>(args.map((tensor, k) => [tensor, builder.input(tensor, k)]));
  const scalars: number[] = [];

  const leaf = (tensor: Tensor): Node => {
    const { source } = tensor;
    if (source.kind === 'host' && tensor.size === 1) {
      const value = Number(source.data[0]);
      if (scalarsAre === 'constants' || plain.has(value)) return builder.constant(tensor, value);
      scalars.push(toWords(tensor.dtype, source.data)[0] as number);
      return builder.scalar(tensor, scalars.length - 1);
    }
    if (source.kind === 'placeholder')
      fail(
        'PLACEHOLDER',
        `${source.name} stands for an argument of a function that is being recorded and has no value: return what you need from the function.`,
      );
    if (source.kind === 'released')
      fail('RELEASED', `${String(tensor)} has no value any more: ${source.reason}.`);
    inputs.push(tensor);
    return builder.input(tensor, inputs.length - 1);
  };

  for (const tensor of topologicalOrder(roots, new Set(args))) {
    if (nodes.has(tensor)) continue;
    const { source } = tensor;
    nodes.set(
      tensor,
      source.kind === 'operation'
        ? builder.operation(
            source.primitive,
            source.inputs.map((input) => nodes.get(input) as Node),
            source.attributes,
          )
        : leaf(tensor),
    );
  }

  // A result that is an argument, a constant or another result is copied: results never share memory.
  const taken = new Set<Node>();
  const outputs = roots.map((root) => {
    const node = nodes.get(root) as Node;
    const own = node.kind === 'operation' && !taken.has(node) ? node : builder.copy(identityPrimitive, node);
    taken.add(own);
    return own;
  });
  return { outputs, inputs, scalars: Uint32Array.from(scalars) };
}
