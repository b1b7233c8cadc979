/**
 * Rewrites applied while the compiler's graph is built. Each keeps the value to the last bit, except that
 * constants are folded in float64.
 */
import type { Aval } from '../graph/ndarray.ts';
import type { Attributes, Primitive } from '../graph/primitive.ts';
import { sameShape, type Shape } from '../graph/shape.ts';
import { reshapePrimitive } from '../ops/movement.ts';
import { foldConstants, type Builder, type ConstantNode, type Node, type OperationNode } from './node.ts';

type Rewrite = (
  builder: Builder,
  inputs: readonly Node[],
  attributes: Attributes,
  primitive: Primitive,
) => Node | undefined;

/** A simpler node for the operation, if a rule applies. */
export function simplify(
  builder: Builder,
  primitive: Primitive,
  inputs: readonly Node[],
  attributes: Attributes,
): Node | undefined {
  return (
    rewrites[primitive.name]?.(builder, inputs, attributes, primitive) ??
    fold(builder, primitive, inputs, attributes)
  );
}

/** Operations on constants: elementwise ones are computed, movement leaves a constant what it is. */
function fold(
  builder: Builder,
  primitive: Primitive,
  inputs: readonly Node[],
  attributes: Attributes,
): Node | undefined {
  if (inputs.length === 0 || !inputs.every((x): x is ConstantNode => x.kind === 'constant')) return undefined;
  const aval = primitive.shape(
    inputs.map((x) => x.aval),
    attributes,
  );
  if (primitive.kernel.kind === 'scalar')
    return builder.constant(aval, foldConstants(primitive, inputs, attributes, aval.dtype));
  return movements.has(primitive.name)
    ? builder.constant(aval, (inputs[0] as ConstantNode).value)
    : undefined;
}

const movements = new Set(['reshape', 'transpose', 'broadcast', 'slice', 'flip']);

function isConstant(node: Node | undefined, value: number): boolean {
  return node?.kind === 'constant' && node.value === value;
}

function isOperation(node: Node | undefined, name: string): node is OperationNode {
  return node?.kind === 'operation' && node.primitive.name === name;
}

const first: Rewrite = (_, [x]) => x;

/** x ∘ unit = x, and unit ∘ x = x where the operation commutes. */
function unit(value: number, commutes: boolean): Rewrite {
  return (_, [x, y]) => {
    if (isConstant(y, value)) return x;
    return commutes && isConstant(x, value) ? y : undefined;
  };
}

/** A reduction of one element is that element. */
function ofOne(builder: Builder, [x]: readonly Node[], attributes: Attributes): Node | undefined {
  const axes = attributes['axes'] as readonly number[];
  if (!x || axes.some((axis) => x.aval.shape[axis] !== 1)) return undefined;
  return builder.operation(reshapePrimitive, [x], { shape: reduced(x.aval, axes).shape });
}

const rewrites: Readonly<Record<string, Rewrite>> = {
  identity: first,
  stopGradient: first,
  // x + 0 differs from x for x = -0 only; the sign of a zero is not a promise.
  add: unit(0, true),
  sub: unit(0, false),
  mul: unit(1, true),
  div: unit(1, false),
  neg: (_, [x]) => (isOperation(x, 'neg') ? x.inputs[0] : undefined),
  where: (_, [condition, x, y]) =>
    condition?.kind === 'constant' ? (condition.value !== 0 ? x : y) : x === y ? x : undefined,
  cast: (_, [x], { dtype }) => (x?.aval.dtype === dtype ? x : undefined),

  reshape(builder, [x], attributes, primitive) {
    if (!x || sameShape(x.aval.shape, attributes['shape'] as Shape)) return x;
    return isOperation(x, 'reshape') ? builder.operation(primitive, x.inputs, attributes) : undefined;
  },

  broadcast(builder, [x], attributes, primitive) {
    if (!x || sameShape(x.aval.shape, attributes['shape'] as Shape)) return x;
    return isOperation(x, 'broadcast') ? builder.operation(primitive, x.inputs, attributes) : undefined;
  },

  transpose(builder, [x], attributes, primitive) {
    const outer = attributes['permutation'] as readonly number[];
    if (outer.every((axis, k) => axis === k)) return x;
    if (!isOperation(x, 'transpose')) return undefined;
    const inner = x.attributes['permutation'] as readonly number[];
    return builder.operation(primitive, x.inputs, {
      permutation: outer.map((axis) => inner[axis] as number),
    });
  },

  sum(builder, [x], attributes) {
    const axes = attributes['axes'] as readonly number[];
    return x?.kind === 'constant' && x.aval.dtype === 'f32'
      ? builder.constant(
          reduced(x.aval, axes),
          x.value * axes.reduce((n, axis) => n * (x.aval.shape[axis] ?? 1), 1),
        )
      : ofOne(builder, [x as Node], attributes);
  },
  max: ofOne,
  min: ofOne,

  // A transposed operand is one of the four layouts.
  matmul(builder, [a, b], attributes, primitive) {
    const flipA = swapsLastTwo(a);
    const flipB = swapsLastTwo(b);
    if (!flipA && !flipB) return undefined;
    const { transposeA, transposeB } = attributes;
    return builder.operation(primitive, [flipA ?? (a as Node), flipB ?? (b as Node)], {
      transposeA: flipA ? !transposeA : (transposeA as boolean),
      transposeB: flipB ? !transposeB : (transposeB as boolean),
    });
  },
};

function reduced({ shape, dtype }: Aval, axes: readonly number[]): Aval {
  return { shape: shape.filter((_, axis) => !axes.includes(axis)), dtype };
}

/** What is transposed, where a node exchanges exactly the last two axes. */
export function swapsLastTwo(node: Node | undefined): Node | undefined {
  if (!isOperation(node, 'transpose')) return undefined;
  const permutation = node.attributes['permutation'] as readonly number[];
  const rank = permutation.length;
  const swapped = permutation.every((axis, k) => axis === (k < rank - 2 ? k : 2 * rank - 3 - k));
  return swapped ? node.inputs[0] : undefined;
}
