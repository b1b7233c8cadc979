/**
 * The compiler's graph: tensors without identity. Equal operations on equal operands are one node, so
 * common subexpressions are found by building the graph.
 */
import { emptyArray, type Aval } from '../graph/ndarray.ts';
import type { Attributes, Primitive } from '../graph/primitive.ts';
import { sizeOf } from '../graph/shape.ts';
import { simplify } from './simplify.ts';

interface NodeBase {
  readonly id: number;
  readonly aval: Aval;
}

/** The k-th buffer that the program is given. */
export interface InputNode extends NodeBase {
  readonly kind: 'input';
  readonly input: number;
}

/** One value at every position of a shape: costs no memory. */
export interface ConstantNode extends NodeBase {
  readonly kind: 'constant';
  readonly value: number;
}

/** A scalar given with every run, at a place in the program's table of scalars. */
export interface ScalarNode extends NodeBase {
  readonly kind: 'scalar';
  readonly place: number;
}

export interface OperationNode extends NodeBase {
  readonly kind: 'operation';
  readonly primitive: Primitive;
  readonly attributes: Attributes;
  readonly inputs: readonly Node[];
}

export type Node = InputNode | ConstantNode | ScalarNode | OperationNode;

/** Makes nodes, each once, in simplified form. */
export class Builder {
  private readonly nodes = new Map<string, Node>();
  private count = 0;

  input(aval: Aval, input: number): InputNode {
    return this.intern(`input ${input}`, (id) => ({ kind: 'input', id, aval, input })) as InputNode;
  }

  constant(aval: Aval, value: number): ConstantNode {
    return this.intern(`constant ${showValue(value)} ${show(aval)}`, (id) => ({
      kind: 'constant',
      id,
      aval,
      value,
    })) as ConstantNode;
  }

  scalar(aval: Aval, place: number): ScalarNode {
    return this.intern(`scalar ${place}`, (id) => ({ kind: 'scalar', id, aval, place })) as ScalarNode;
  }

  /** The node for an operation, after the rewrites of simplify.ts. */
  operation(primitive: Primitive, inputs: readonly Node[], attributes: Attributes): Node {
    return simplify(this, primitive, inputs, attributes) ?? this.exactly(primitive, inputs, attributes);
  }

  /** The node for an operation as it stands. */
  exactly(primitive: Primitive, inputs: readonly Node[], attributes: Attributes): OperationNode {
    const key = `${primitive.name} ${keyOf(attributes)} ${inputs.map((x) => x.id).join(' ')}`;
    return this.intern(key, (id) => {
      const aval = primitive.shape(
        inputs.map((x) => x.aval),
        attributes,
      );
      return {
        kind: 'operation',
        id,
        aval: { shape: aval.shape, dtype: aval.dtype },
        primitive,
        inputs,
        attributes,
      };
    }) as OperationNode;
  }

  /** A node of its own, never shared: a result that must have its own memory. */
  copy(primitive: Primitive, source: Node): OperationNode {
    const id = this.count++;
    return { kind: 'operation', id, aval: source.aval, primitive, inputs: [source], attributes: {} };
  }

  private intern(key: string, make: (id: number) => Node): Node {
    let node = this.nodes.get(key);
    if (!node) this.nodes.set(key, (node = make(this.count++)));
    return node;
  }
}

function showValue(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function show({ shape, dtype }: Aval): string {
  return `${dtype}[${shape.join()}]`;
}

/** Attributes as text, infinities included, which JSON would lose. */
export function keyOf(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(
      ([name, value]) =>
        `${name}=${Array.isArray(value) ? `[${value.map((x) => (Array.isArray(x) ? `[${x.join()}]` : String(x))).join()}]` : String(value)}`,
    )
    .join(';');
}

/** The value of an elementwise operation on constants. */
export function foldConstants(
  primitive: Primitive,
  inputs: readonly ConstantNode[],
  attributes: Attributes,
  dtype: Aval['dtype'],
): number {
  const scalars = inputs.map(({ aval, value }) => {
    const array = emptyArray({ shape: [], dtype: aval.dtype });
    array.data[0] = value;
    return array;
  });
  return primitive.reference(scalars, attributes, { shape: [], dtype }).data[0] ?? Number.NaN;
}

/** All nodes behind `roots`, each after its inputs. */
export function topological(roots: readonly Node[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { node: Node; next: number }[] = [];
  for (const root of roots) {
    if (seen.has(root)) continue;
    seen.add(root);
    stack.push({ node: root, next: 0 });
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const input = top.node.kind === 'operation' ? top.node.inputs[top.next++] : undefined;
      if (!input) {
        order.push(top.node);
        stack.pop();
      } else if (!seen.has(input)) {
        seen.add(input);
        stack.push({ node: input, next: 0 });
      }
    }
  }
  return order;
}

export function elements(node: Node): number {
  return sizeOf(node.aval.shape);
}

/** A text that two graphs share exactly when one program serves both. */
export function graphKey(outputs: readonly Node[]): string {
  const place = new Map<Node, number>();
  const parts = topological(outputs).map((node, k) => {
    place.set(node, k);
    switch (node.kind) {
      case 'input':
        return `#${node.input}${show(node.aval)}`;
      case 'constant':
        return `=${showValue(node.value)}${show(node.aval)}`;
      case 'scalar':
        return `$${node.place}${show(node.aval)}`;
      case 'operation':
        return `${node.primitive.name}{${keyOf(node.attributes)}}(${node.inputs.map((input) => place.get(input)).join()})`;
    }
  });
  return `${parts.join('|')}>${outputs.map((node) => place.get(node)).join()}`;
}
