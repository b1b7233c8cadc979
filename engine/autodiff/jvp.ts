/**
 * Forward mode. For y = f(x) with Jacobian J, the pushforward maps a tangent v of x to Jv: tangents flow
 * along the tape forwards, each operation's by its record's rule.
 */
import { fail } from '../graph/errors.ts';
import { sameShape } from '../graph/shape.ts';
import { settle, transforming, type Tensor } from '../graph/tensor.ts';
import { leaves, structure, unflatten, type Tree } from '../graph/tree.ts';
import { zerosLike } from '../ops/broadcast.ts';
import { checkDifferentiable, tape, trace } from './tape.ts';

/**
 * The value of `f` at `primals` and its derivative in the direction `tangents` (of the same structure).
 *
 * @throws NOT_DIFFERENTIABLE for an argument that is not f32; TREE or SHAPE for tangents that do not fit
 */
export function jvp<T extends readonly Tree[], R extends Tree>(
  f: (...args: T) => R,
  primals: T,
  tangents: T,
): [value: R, tangent: R] {
  checkDifferentiable('jvp', primals);
  if (structure(tangents) !== structure(primals))
    fail(
      'TREE',
      `jvp: the tangents have structure ${structure(tangents)}, the primals ${structure(primals)}.`,
    );
  const { wrapped, result } = trace(f, primals);
  const inputs = leaves(wrapped);
  const known = new Map<Tensor, Tensor>();
  leaves(tangents).forEach((tangent, k) => {
    const input = inputs[k] as Tensor;
    if (!sameShape(tangent.shape, input.shape) || tangent.dtype !== input.dtype)
      fail('SHAPE', `jvp: the tangent is ${String(tangent)}, the primal ${String(input)}: they must agree.`);
    known.set(input, tangent);
  });
  const outputs = leaves(result);
  transforming(() => {
    for (const { node, operation } of tape(inputs, outputs)) {
      const incoming = operation.inputs.map((input) => known.get(input) ?? null);
      if (incoming.every((tangent) => tangent === null)) continue;
      const tangent = operation.primitive.jvp(incoming, operation.inputs, node, operation.attributes);
      if (tangent) known.set(node, tangent);
    }
  });
  const carried = outputs.map((output) => known.get(output) ?? zerosLike(output));
  settle([...outputs, ...carried]);
  return [result, unflatten(result, carried)];
}
