/** Batches made of an entry's samples: any choice of operands differs between the elements, the others are shared. */
import type { NdArray } from '../../engine/graph/ndarray.ts';
import type { Primitive } from '../../engine/graph/primitive.ts';
import { apply, hostTensor, type Tensor } from '../../engine/graph/tensor.ts';
import { stack, vmap } from '../../engine/index.ts';
import type { Sample } from './table/index.ts';

/** Elements of a batch. */
export const SIZE = 3;

/** Every non-empty set of operands that may differ. */
export function choices(count: number): boolean[][] {
  return Array.from({ length: 2 ** count - 1 }, (_, mask) =>
    Array.from({ length: count }, (_unused, k) => (((mask + 1) >> k) & 1) === 1),
  );
}

/** An operand of another element: values turned round, f32 scaled too; a single word is counted on. */
function variant({ shape, dtype, data }: NdArray, element: number): NdArray {
  const turned = data.slice();
  for (let i = 0; i < data.length; i++) {
    const value = data[(i + element) % data.length] as number;
    turned[i] =
      dtype === 'f32'
        ? Math.fround(value * (1 - element / 8))
        : value + (dtype === 'u32' && data.length === 1 ? element : 0);
  }
  return { shape, dtype, data: turned };
}

/** The operation over a batch by its rule, and element by element. */
export function bothWays(
  primitive: Primitive,
  { inputs, attributes }: Sample,
  differs: readonly boolean[],
): { readonly batched: Tensor; readonly looped: Tensor } {
  const elements = Array.from({ length: SIZE }, (_, element) =>
    inputs.map((input, k) => tensorOf(differs[k] ? variant(input, element) : input)),
  );
  const operation = (...operands: readonly Tensor[]): Tensor => apply(primitive, operands, attributes);
  const args = inputs.map((_, k) =>
    differs[k] ? stack(elements.map((operands) => operands[k] as Tensor)) : (elements[0]?.[k] as Tensor),
  );
  return {
    batched: vmap(operation, { in: differs.map((differing) => (differing ? 0 : null)) })(...args),
    looped: stack(elements.map((operands) => operation(...operands))),
  };
}

function tensorOf(x: NdArray): Tensor {
  return hostTensor(x, x.data);
}
