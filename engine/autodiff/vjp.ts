/**
 * Reverse mode. For y = f(x) with Jacobian J, the pullback maps a cotangent w of y to Jᵀw: cotangents flow
 * from the results along the tape backwards, each operation passing its own on by its record's rule, and
 * add up where a value was used more than once.
 */
import { fail } from '../graph/errors.ts';
import { sameShape, show } from '../graph/shape.ts';
import { settle, transforming, type Tensor } from '../graph/tensor.ts';
import { leaves, structure, unflatten, type Tree } from '../graph/tree.ts';
import { add } from '../ops/arithmetic.ts';
import { zerosLike } from '../ops/broadcast.ts';
import { checkDifferentiable, tape, trace, type TapeEntry } from './tape.ts';

/** Cotangents of `inputs`, given those of `outputs`; zero where no path leads. */
export function pullBack(
  entries: readonly TapeEntry[],
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
  inputs: readonly Tensor[],
): Tensor[] {
  return transforming(() => {
    const sums = propagate(entries, outputs, cotangents);
    return inputs.map((input) => sums.get(input) ?? zerosLike(input));
  });
}

function propagate(
  entries: readonly TapeEntry[],
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
): Map<Tensor, Tensor> {
  const sums = new Map<Tensor, Tensor>();
  const accumulate = (node: Tensor, cotangent: Tensor): void => {
    const sum = sums.get(node);
    sums.set(node, sum ? add(sum, cotangent) : cotangent);
  };
  outputs.forEach((output, k) => accumulate(output, cotangents[k] as Tensor));
  for (const { node, operation } of entries.toReversed()) {
    const cotangent = sums.get(node);
    if (!cotangent) continue;
    const { primitive, attributes } = operation;
    const passed = primitive.vjp(cotangent, operation.inputs, node, attributes);
    if (passed.length !== operation.inputs.length)
      fail(
        'RULE',
        `${primitive.name}: its vjp returned ${passed.length} cotangents for ${operation.inputs.length} inputs.`,
      );
    passed.forEach((differential, k) => {
      const input = operation.inputs[k] as Tensor;
      if (!differential) return;
      if (!sameShape(differential.shape, input.shape))
        fail(
          'RULE',
          `${primitive.name}: its vjp returned a cotangent of shape ${show(differential.shape)} for an input of shape ${show(input.shape)}.`,
        );
      accumulate(input, differential);
    });
  }
  return sums;
}

/**
 * The value of `f` and its pullback, which maps a cotangent (of the value's structure) to the cotangents of
 * the arguments.
 *
 * @throws NOT_DIFFERENTIABLE for an argument that is not f32; TREE or SHAPE for a cotangent that does not fit
 */
export function vjp<T extends readonly Tree[], R extends Tree>(
  f: (...args: T) => R,
  ...primals: T
): [value: R, pullback: (cotangent: R) => T] {
  checkDifferentiable('vjp', primals);
  const { wrapped, result } = trace(f, primals);
  const inputs = leaves(wrapped);
  const outputs = leaves(result);
  const entries = tape(inputs, outputs);
  const pullback = (cotangent: R): T => {
    if (structure(cotangent) !== structure(result))
      fail(
        'TREE',
        `vjp: the cotangent has structure ${structure(cotangent)}, the value ${structure(result)}.`,
      );
    const cotangents = leaves(cotangent);
    cotangents.forEach((ct, k) => {
      const output = outputs[k] as Tensor;
      if (!sameShape(ct.shape, output.shape) || ct.dtype !== output.dtype)
        fail('SHAPE', `vjp: the cotangent is ${String(ct)}, the value ${String(output)}: they must agree.`);
    });
    const gradients = pullBack(entries, outputs, cotangents, inputs);
    settle(gradients);
    return unflatten(primals, gradients);
  };
  return [result, pullback];
}
