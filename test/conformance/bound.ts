/**
 * An error bound for any composed function, derived from the bounds of its primitives. To first order an error δ made in
 * node n reaches output y_j as ∂y_j/∂n · δ, so
 *   |error of y_j| <= Σ_n Σ_i |∂y_j/∂n_i| δ_n,i,
 * where δ_n is what the record of n's primitive allows its kernel, given that its inputs are exact, and for a constant
 * what rounding it to f32 changes. The derivatives are the engine's own, in float64. Fusion only removes roundings.
 */
import { isFloat } from '../../engine/graph/dtype.ts';
import type { NdArray } from '../../engine/graph/ndarray.ts';
import { hostTensor, topologicalOrder, type Tensor } from '../../engine/graph/tensor.ts';
import { tape } from '../../engine/autodiff/tape.ts';
import { pullBack } from '../../engine/autodiff/vjp.ts';
import { interpret } from '../../engine/reference/interpreter.ts';
import { allowedErrors, COMPOSED, FLUSH } from './tolerance.ts';

export interface Bounded {
  readonly value: NdArray;
  /** By element of the value; 0 where the result must be exact. */
  readonly allowed: Float64Array;
}

/** The float64 value of `y` and how far a device may be from it. The leaves of the graph hold host values. */
export function bounded(y: Tensor, factor: number = COMPOSED): Bounded {
  const nodes = topologicalOrder([y]);
  const values = new Map(interpret(nodes).map((value, k) => [nodes[k] as Tensor, value]));
  const valueOf = (node: Tensor): NdArray => values.get(node) as NdArray;
  const value = valueOf(y);
  const allowed = new Float64Array(value.data.length);
  if (!isFloat(y.dtype)) return { value, allowed };

  const local = nodes.flatMap((node) => {
    if (!isFloat(node.dtype)) return [];
    const { source } = node;
    const { data } = valueOf(node);
    const errors =
      source.kind === 'operation'
        ? allowedErrors(source.primitive, source.inputs.map(valueOf), source.attributes, valueOf(node))
        : Float64Array.from(data, (x) => (Number.isFinite(x) ? Math.abs(x - Math.fround(x)) : 0));
    return errors.some((error) => error > 0) ? [{ node, errors }] : [];
  });
  const leaves = nodes.filter((node) => node.source.kind !== 'operation' && isFloat(node.dtype));
  const entries = tape(leaves, [y]);
  const inputs = local.map(({ node }) => node);
  for (let j = 0; j < allowed.length; j++) {
    const basis = new Float64Array(allowed.length);
    basis[j] = 1;
    const cotangents = interpret(pullBack(entries, [y], [hostTensor(value, basis)], inputs));
    local.forEach(({ errors }, k) => {
      const { data } = cotangents[k] as NdArray;
      for (let i = 0; i < data.length; i++)
        if (data[i] !== 0) allowed[j]! += Math.abs(data[i] as number) * (errors[i] as number);
    });
    if (allowed[j]! > 0) allowed[j] = factor * allowed[j]! + FLUSH;
  }
  return { value, allowed };
}
