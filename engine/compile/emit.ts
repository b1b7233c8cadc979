/**
 * Code for values. An element of a node at a position is a WGSL expression: elementwise operations apply to the
 * same position of their operands, movement reads its operand elsewhere, stored values are read from memory.
 * Every step is bound to a `let`, and equal text is bound once.
 */
import type { DType } from '../graph/dtype.ts';
import { fail } from '../graph/errors.ts';
import { literal } from '../graph/literal.ts';
import type { Aval } from '../graph/ndarray.ts';
import { ravel, unravel } from '../graph/position.ts';
import type { Index, Site } from '../graph/primitive.ts';
import { sizeOf } from '../graph/shape.ts';
import type { Node, OperationNode } from './node.ts';

export function wgslType(dtype: DType): string {
  return dtype === 'bool' ? 'u32' : dtype;
}

/** Where the emitter gets values that it does not compute. */
export interface Surroundings {
  /** The name of the buffer that holds a node's value, or undefined if it is to be computed here. */
  bufferOf(node: Node): string | undefined;
  /** The name of the table of scalars. */
  scalars(): string;
  /** Declares that the code raises index faults. */
  raisesFaults(): void;
  /** Declares a function of shaders/math.wgsl. */
  uses(name: string): void;
}

interface Scope {
  readonly lines: string[];
  readonly known: Map<string, string>;
}

export class Emitter {
  private readonly scopes: Scope[] = [{ lines: [], known: new Map() }];
  private count = 0;
  private readonly around: Surroundings;
  private readonly given: (node: Node) => string | undefined;
  private readonly prefix: string;
  /** The operation whose lines are being written; none while values are read. */
  private owner: string | undefined;

  /**
   * @param given the variable that holds a node's element at the position being written, as for the result of a launch
   * @param prefix of the names it binds; code within a block needs other names than the code around it
   */
  constructor(
    around: Surroundings,
    given: (node: Node) => string | undefined = () => undefined,
    prefix = 'v',
  ) {
    this.around = around;
    this.given = given;
    this.prefix = prefix;
  }

  /** The statements so far. */
  get lines(): readonly string[] {
    return this.scope.lines;
  }

  private get scope(): Scope {
    return this.scopes.at(-1) as Scope;
  }

  private recall(key: string): string | undefined {
    for (const { known } of this.scopes.toReversed()) {
      const name = known.get(key);
      if (name !== undefined) return name;
    }
    return undefined;
  }

  /** A name for the value of an expression. */
  bind(expression: string): string {
    if (/^\w+$/.test(expression)) return expression;
    const known = this.recall(expression);
    if (known !== undefined) return known;
    const name = `${this.prefix}${this.count++}`;
    this.scope.lines.push(`let ${name} = ${expression};${this.note}`);
    this.scope.known.set(expression, name);
    return name;
  }

  /** Ends a line that computes an operation with its name, so that composed code tells what was fused where. */
  private get note(): string {
    return this.owner === undefined ? '' : ` // ${this.owner}`;
  }

  private by<T>(owner: string | undefined, f: () => T): T {
    const before = this.owner;
    this.owner = owner;
    const result = f();
    this.owner = before;
    return result;
  }

  coordinates(index: Index): readonly string[] {
    const list = index.coordinates ?? unravel(index.linear as string, index.shape);
    return list.map((c) => this.bind(c));
  }

  linear(index: Index): string {
    return this.bind(index.linear ?? ravel(index.coordinates as readonly string[], index.shape));
  }

  /** The element of `node` at `index`. */
  value(node: Node, index: Index): string {
    const given = this.given(node);
    if (given !== undefined) return given;
    switch (node.kind) {
      case 'constant':
        if (!Number.isFinite(Math.fround(node.value))) this.around.uses('nonFinite');
        return literal(node.value, node.aval.dtype);
      case 'scalar': {
        const word = `${this.around.scalars()}[${node.place}u]`;
        return this.by(undefined, () =>
          this.bind(wgslType(node.aval.dtype) === 'u32' ? word : `bitcast<${node.aval.dtype}>(${word})`),
        );
      }
      default: {
        const buffer = this.around.bufferOf(node);
        if (buffer !== undefined)
          return this.by(undefined, () =>
            this.bind(`${buffer}[${sizeOf(node.aval.shape) === 1 ? '0u' : this.linear(index)}]`),
          );
        return this.compute(node as OperationNode, index);
      }
    }
  }

  private compute(node: OperationNode, index: Index): string {
    const key = `${node.id} at ${index.linear ?? (index.coordinates as readonly string[]).join()}`;
    const known = this.recall(key);
    if (known !== undefined) return known;
    const { kernel } = node.primitive;
    if (kernel.kind === 'launch')
      return fail(
        'COMPILER',
        `${node.primitive.name} has a shader of its own and cannot be computed in place.`,
      );
    for (const name of kernel.uses ?? []) this.around.uses(name);
    const name = this.by(node.primitive.name, () => {
      if (kernel.kind === 'index') return this.bind(kernel.read(index, this.site(node)));
      const args = node.inputs.map((input) => this.value(input, index));
      const inputs = node.inputs.map((input) => input.aval);
      return this.bind(kernel.expression(args, inputs, node.attributes));
    });
    this.scope.known.set(key, name);
    return name;
  }

  private site(node: OperationNode): Site {
    const read = (input: number, index: Index): string => this.value(node.inputs[input] as Node, index);
    const inputs = node.inputs.map((input) => input.aval);
    return {
      inputs,
      output: node.aval,
      attributes: node.attributes,
      read,
      readWhere: (condition, input, index, otherwise) => {
        if (condition === 'true') return read(input, index);
        const name = `${this.prefix}${this.count++}`;
        this.scopes.push({ lines: [], known: new Map() });
        const value = read(input, index);
        const { lines } = this.scopes.pop() as Scope;
        this.scope.lines.push(
          `var ${name}: ${wgslType((inputs[input] as Aval).dtype)} = ${otherwise};${this.note}`,
          `if (${condition}) {${this.note}`,
          ...lines.map((line) => `  ${line}`),
          `  ${name} = ${value};${this.note}`,
          '}',
        );
        return name;
      },
      coordinates: (index) => this.coordinates(index),
      linear: (index) => this.linear(index),
      bind: (expression) => this.bind(expression),
      checked: (expression, extent) => {
        const position = this.bind(expression);
        const safe = `min(${position}, ${Math.max(extent, 1) - 1}u)`;
        if (this.recall(safe) === undefined) {
          this.around.raisesFaults();
          this.scope.lines.push(
            `if (${position} >= ${extent}u) { raise_index_fault(${position}, ${extent}u); }${this.note}`,
          );
        }
        return this.bind(safe);
      },
    };
  }
}
