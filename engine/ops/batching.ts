/**
 * What batching rules have in common. A rule computes an operation for every element of a batch at once; operands that
 * differ between elements have the batch as their first axis, and so has the result.
 */
import type { Attributes, BatchCall } from '../graph/primitive.ts';
import { apply, type Tensor } from '../graph/tensor.ts';
import { broadcastTo, reshape } from './movement.ts';

/** Operand k with the batch axis in front, whether or not it differs between elements. Spreading moves no memory. */
export function spread<A extends Attributes>({ inputs, batched, size }: BatchCall<A>, k: number): Tensor {
  const x = inputs[k] as Tensor;
  return batched[k] ? x : broadcastTo(x, [size, ...x.shape]);
}

/** The operation over one axis more: all operands spread, and attributes that name axes or extents adapted. */
export function withLeadingAxis<A extends Attributes>(
  call: BatchCall<A>,
  attributes: A = call.attributes,
): Tensor {
  return apply(
    call.primitive,
    call.inputs.map((_, k) => spread(call, k)),
    attributes,
  );
}

/**
 * For operations whose first axis is already one of independent examples: the two are joined. `isExamples` tells which
 * operands have that axis; the others serve all elements and do not differ.
 */
export function withLongerAxis<A extends Attributes>(
  call: BatchCall<A>,
  isExamples: (input: number) => boolean = () => true,
): Tensor {
  const { primitive, inputs, size, attributes } = call;
  let examples = 0;
  const joined = inputs.map((input, k) => {
    if (!isExamples(k)) return input;
    const x = spread(call, k);
    examples = x.shape[1] as number;
    return reshape(x, [size * examples, ...x.shape.slice(2)]);
  });
  const result = apply(primitive, joined, attributes);
  return reshape(result, [size, examples, ...result.shape.slice(1)]);
}
