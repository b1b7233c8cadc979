/**
 * A tensor is a node of an expression graph: immutable, with a shape, a dtype and a source. Nothing runs
 * until a value is asked for. Derivatives, batching and compilation are functions from graph to graph.
 *
 * Protocol of `source`, the one field that changes:
 *   operation --realised--> value        the producer is dropped, so the graph behind it can be collected
 *   host      --uploaded--> value        by the device backend; a host value of one element stays
 *   value     --disposed--> released     by `dispose()`, a scope's end, or donation to a jitted call
 * A placeholder never changes: it stands for an argument while a function is captured.
 */
import { currentBackend } from './backend.ts';
import { fail } from './errors.ts';
import type { DType, HostArray } from './dtype.ts';
import type { Aval } from './ndarray.ts';
import type { Attributes, Primitive } from './primitive.ts';
import { checkShape, show, type Shape } from './shape.ts';

/** A value held by a backend. */
export interface Storage {
  readonly bytes: number;
  /** Gives the memory back. The second call does nothing. */
  release(): void;
}

export interface Operation {
  readonly kind: 'operation';
  readonly primitive: Primitive;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
}

export type Source =
  | Operation
  | { readonly kind: 'host'; readonly data: HostArray }
  | { readonly kind: 'value'; readonly storage: Storage }
  | { readonly kind: 'placeholder'; readonly name: string }
  | { readonly kind: 'released'; readonly reason: string };

/**
 * A pending graph deeper than this is realised by itself, so that a loop without `jit` stays flat in
 * memory. 1,000 is far above the depth of any model here and far below what recursion would mind.
 */
export const MAX_PENDING_DEPTH = 1000;

let made = 0;

/** Tensors made so far: those with a `serial` from here on are newer. */
export function tensorsMade(): number {
  return made;
}

export class Tensor implements Aval {
  readonly shape: Shape;
  readonly dtype: DType;
  /** @internal */
  source: Source;
  /** @internal Tensors made before this one. */
  readonly serial: number = made++;
  /** @internal Longest chain of pending operations behind this node. */
  readonly depth: number;

  /** @internal Use `tensor`, `zeros`, … or an operation. */
  constructor(aval: Aval, source: Source) {
    this.shape = aval.shape;
    this.dtype = aval.dtype;
    this.source = source;
    let depth = 0;
    if (source.kind === 'operation')
      for (const input of source.inputs)
        if (input.source.kind === 'operation') depth = Math.max(depth, input.depth);
    this.depth = depth + 1;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((product, extent) => product * extent, 1);
  }

  /**
   * Computes the tensor if need be and resolves to its elements in row-major order: Float32Array (Float64Array
   * from the reference backend), Int32Array, Uint32Array, or Uint8Array for bool.
   */
  async data(): Promise<HostArray> {
    const backend = currentBackend();
    await backend.realize([this]);
    return backend.read(this);
  }

  /** The only element of a tensor of size 1, as a number. */
  async item(): Promise<number> {
    if (this.size !== 1)
      fail(
        'SHAPE',
        `item: shape ${show(this.shape)} has ${this.size} elements: use data(), or pick one element.`,
      );
    return (await this.data())[0] ?? Number.NaN;
  }

  /** Gives the tensor's memory back now; using it afterwards throws. The second call does nothing. */
  dispose(): void {
    if (this.source.kind === 'value') this.source.storage.release();
    if (this.source.kind !== 'released') this.source = { kind: 'released', reason: 'it was disposed' };
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** `f32[2, 3]`. */
  toString(): string {
    return `${this.dtype}${show(this.shape)}`;
  }
}

/** Applies a primitive: checks shapes and adds a node to the graph. */
export function apply<A extends Attributes>(
  primitive: Primitive<A>,
  inputs: readonly Tensor[],
  attributes: A,
): Tensor {
  const aval = primitive.shape(inputs, attributes);
  checkShape(primitive.name, aval.shape);
  const result = new Tensor(aval, {
    kind: 'operation',
    primitive: primitive as unknown as Primitive,
    inputs,
    attributes,
  });
  if (result.depth > MAX_PENDING_DEPTH && transformations === 0) currentBackend().realizeNow([result]);
  return result;
}

let transformations = 0;

/** Whether a function is being transformed: its graph is read, not run. */
export function isTransforming(): boolean {
  return transformations > 0;
}

/**
 * Runs `f` while its nodes keep their producers: a transformation (derivative, capture) reads the graph that
 * `f` builds, so nothing in it may be realised meanwhile.
 */
export function transforming<T>(f: () => T): T {
  transformations++;
  try {
    return f();
  } finally {
    transformations--;
  }
}

/**
 * Realises, in one go, what grew too deep while a transformation kept its nodes from being realised one by one: their
 * common graph is then computed once rather than once per node.
 */
export function settle(tensors: readonly Tensor[]): void {
  const pending = tensors.filter((x) => x.source.kind === 'operation');
  if (transformations === 0 && pending.some((x) => x.depth > MAX_PENDING_DEPTH))
    currentBackend().realizeNow(pending);
}

/** A leaf that stands for an argument. */
export function placeholder(aval: Aval, name: string): Tensor {
  return new Tensor({ shape: aval.shape, dtype: aval.dtype }, { kind: 'placeholder', name });
}

/** A leaf that holds host values. */
export function hostTensor(aval: Aval, data: HostArray): Tensor {
  return new Tensor({ shape: aval.shape, dtype: aval.dtype }, { kind: 'host', data });
}

/** Why a donated argument has no value. */
export const DONATED =
  'it was donated to a jitted call; use what the call returned, or leave it out of `donate`';

/** All nodes behind `roots` down to `stop`, each after its inputs. Iterative: the graph may be deep. */
export function topologicalOrder(roots: readonly Tensor[], stop?: ReadonlySet<Tensor>): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const stack: { node: Tensor; next: number }[] = [];
  for (const root of roots) {
    if (seen.has(root)) continue;
    seen.add(root);
    stack.push({ node: root, next: 0 });
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const inputs =
        top.node.source.kind === 'operation' && !stop?.has(top.node) ? top.node.source.inputs : [];
      const input = inputs[top.next++];
      if (input === undefined) {
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
