/**
 * The reference interpreter: any graph, in float64 on the CPU, by the `reference` functions of the records.
 * Rules are proved here, kernels are held against it.
 */
import type { Backend, Capture, Executable } from '../graph/backend.ts';
import { isFloat, referenceArray, type HostArray } from '../graph/dtype.ts';
import { fail } from '../graph/errors.ts';
import type { NdArray } from '../graph/ndarray.ts';
import { DONATED, Tensor, topologicalOrder, type Storage } from '../graph/tensor.ts';

/** A value of the reference backend. */
class ReferenceStorage implements Storage {
  readonly array: NdArray;

  constructor(array: NdArray) {
    this.array = array;
  }

  get bytes(): number {
    return this.array.data.byteLength;
  }

  release(): void {
    // The garbage collector does it.
  }
}

/**
 * Evaluates tensors whose leaves are host values (or values of this backend).
 *
 * @param bindings values of placeholders
 */
export function interpret(roots: readonly Tensor[], bindings?: ReadonlyMap<Tensor, NdArray>): NdArray[] {
  const values = new Map<Tensor, NdArray>(bindings);
  const order = topologicalOrder(roots);
  const uses = new Map<Tensor, number>();
  for (const node of order)
    if (node.source.kind === 'operation')
      for (const input of node.source.inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
  for (const root of roots) uses.set(root, Infinity);
  for (const node of order) {
    if (!values.has(node)) values.set(node, evaluate(node, values));
    if (node.source.kind !== 'operation') continue;
    // A value is dropped after its last use, so that memory follows liveness here too.
    for (const input of node.source.inputs) {
      const left = (uses.get(input) ?? 0) - 1;
      uses.set(input, left);
      if (left === 0 && input.source.kind === 'operation') values.delete(input);
    }
  }
  return roots.map((root) => values.get(root) as NdArray);
}

function evaluate(node: Tensor, values: ReadonlyMap<Tensor, NdArray>): NdArray {
  const { source, shape, dtype } = node;
  switch (source.kind) {
    case 'operation': {
      const inputs = source.inputs.map((input) => values.get(input) as NdArray);
      return source.primitive.reference(inputs, source.attributes, { shape, dtype });
    }
    case 'host':
      return { shape, dtype, data: toReference(node, source.data) };
    case 'value':
      return source.storage instanceof ReferenceStorage
        ? source.storage.array
        : fail(
            'BACKEND',
            `${String(node)} lives on another backend than the reference: read it with data() and pass the numbers.`,
          );
    case 'placeholder':
      return fail(
        'PLACEHOLDER',
        `${source.name} stands for an argument of a function that is being captured and has no value: return what you need from the function.`,
      );
    case 'released':
      return fail('RELEASED', `${String(node)} has no value any more: ${source.reason}.`);
  }
}

function toReference({ dtype, size }: Tensor, data: HostArray): HostArray {
  if (data instanceof Float64Array || !isFloat(dtype)) return data;
  const result = referenceArray(dtype, size);
  result.set(data);
  return result;
}

/** The float64 backend: `init({ backend: 'reference' })`. */
export function referenceBackend(): Backend {
  const realizeNow = (tensors: readonly Tensor[]): void => {
    const pending = tensors.filter((x) => x.source.kind !== 'value');
    interpret(pending).forEach((array, k) => {
      (pending[k] as Tensor).source = { kind: 'value', storage: new ReferenceStorage(array) };
    });
  };
  return {
    name: 'reference',
    realizeNow,
    realize: async (tensors) => realizeNow(tensors),
    compile: executable,
    read: async (tensor) => interpret([tensor])[0]?.data.slice() ?? fail('BACKEND', 'read: no value.'),
  };
}

function executable({ placeholders, outputs, donated }: Capture): Executable {
  return {
    run(args) {
      const bindings = new Map(interpret(args).map((array, k) => [placeholders[k] as Tensor, array]));
      const results = interpret(outputs, bindings).map(
        (array) => new Tensor(array, { kind: 'value', storage: new ReferenceStorage(array) }),
      );
      args.forEach((arg, k) => {
        if (donated[k]) arg.source = { kind: 'released', reason: DONATED };
      });
      return results;
    },
    dispose: () => undefined,
  };
}
