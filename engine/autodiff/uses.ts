/**
 * Where parameters enter a computation, and what flows back to there. A gradient is a sum over the operations that read the
 * parameter; for a product y = x W the part of one such use is xᵀ ȳ, with the cotangent ȳ of y. Whoever wants something else
 * of a gradient than its value, such as its length, may find that cheaper to get from x and ȳ than from xᵀ ȳ.
 *
 * Nothing is remembered on the way: the graph that the function built is read, as every derivative does. What is not asked
 * for, the gradients for instance, is never computed.
 */
import { fail } from '../graph/errors.ts';
import { Tensor, type Operation } from '../graph/tensor.ts';
import { leaves, unflatten, type Tree } from '../graph/tree.ts';
import { ones } from '../ops/broadcast.ts';
import { checkDifferentiable, tape, trace } from './tape.ts';
import { pullBack } from './vjp.ts';

/** An operation that reads a leaf. */
export interface Use {
  /** Number of the leaf, in the order of `tree.leaves`. */
  readonly leaf: number;
  /** Which of the operation's inputs the leaf is. */
  readonly operand: number;
  readonly operation: Operation;
  /** The cotangent of what the operation computed, when that of the function's value is 1. */
  readonly cotangent: Tensor;
}

export interface Uses<X extends Tree> {
  readonly value: Tensor;
  readonly gradient: X;
  /** Those that the value depends on, in the order in which the function made them. */
  readonly uses: readonly Use[];
}

/**
 * The uses of the leaves of `x` in the scalar function `f`.
 *
 * @throws NOT_SCALAR if `f` does not return one f32 number; NOT_DIFFERENTIABLE if `x` holds integers
 */
export function usesOf<X extends Tree>(f: (x: X) => Tensor, x: X): Uses<X> {
  checkDifferentiable('usesOf', x);
  const { wrapped, result: value } = trace(f, [x]);
  if (!(value instanceof Tensor) || value.rank !== 0 || value.dtype !== 'f32')
    fail(
      'NOT_SCALAR',
      `usesOf: the function returned ${String(value)}, not a scalar of f32: reduce it with sum() or mean().`,
    );
  const inputs = leaves(wrapped);
  const entries = tape(inputs, [value]);
  const found = entries.flatMap(({ node, operation }) =>
    operation.inputs.flatMap((input, operand) => {
      const leaf = inputs.indexOf(input);
      return leaf < 0 ? [] : [{ leaf, operand, operation, node }];
    }),
  );
  const flowing = pullBack(entries, [value], [ones([])], [...inputs, ...found.map(({ node }) => node)]);
  return {
    value,
    gradient: unflatten(x, flowing.slice(0, inputs.length)),
    uses: found.map(({ leaf, operand, operation }, k) => ({
      leaf,
      operand,
      operation,
      cotangent: flowing[inputs.length + k] as Tensor,
    })),
  };
}
