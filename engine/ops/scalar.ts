/**
 * Builders for elementwise primitives. A partial derivative is given once; pullback and pushforward
 * both follow from it:
 *   y = f(x1, …, xn):   cotangent of xk = ct · ∂f/∂xk,   tangent of y = Σk tk · ∂f/∂xk.
 * Operands have equal shapes here; public operations broadcast them first (`broadcast.ts`).
 */
import type { DType } from '../graph/dtype.ts';
import { fail } from '../graph/errors.ts';
import { emptyArray, type Aval } from '../graph/ndarray.ts';
import type { Accuracy, Attributes, Differential, Primitive } from '../graph/primitive.ts';
import { sameShape, show } from '../graph/shape.ts';
import type { Tensor } from '../graph/tensor.ts';
import { add, mul } from './arithmetic.ts';
import { withLeadingAxis } from './batching.ts';

/** ∂f/∂xk as a tensor; null where the derivative is zero wherever it exists. */
export type Partial = ((inputs: readonly Tensor[], output: Tensor) => Differential) | null;

export interface ElementwiseSpec {
  readonly name: string;
  /** Dtypes that the operands may have. All operands share one unless `operands` says otherwise. */
  readonly dtypes: readonly DType[];
  /** The dtypes of the operands, where they differ by position (`where`: bool, then two alike). */
  readonly operands?: (inputs: readonly Aval[]) => boolean;
  readonly arity: number;
  /** Dtype of the result; by default that of the last operand. */
  readonly result?: DType;
  readonly partials: readonly Partial[];
  /** The function in float64 (or exact integers). */
  readonly f: (inputs: readonly number[], dtype: DType) => number;
  readonly wgsl: (args: readonly string[], dtype: DType) => string;
  readonly uses?: readonly string[];
  readonly expensive?: boolean;
  readonly accuracy: Accuracy;
}

export function elementwise(spec: ElementwiseSpec): Primitive<Record<string, never>> {
  const { name } = spec;
  const primitive: Primitive = {
    name,
    shape(inputs) {
      checkOperands(spec, inputs);
      const last = inputs.at(-1) as Aval;
      return { shape: last.shape, dtype: spec.result ?? last.dtype };
    },
    vjp(cotangent, inputs, output) {
      return spec.partials.map((partial) => {
        const derivative = partial?.(inputs, output);
        return derivative ? mul(cotangent, derivative) : null;
      });
    },
    jvp(tangents, inputs, output) {
      let sum: Differential = null;
      for (const [k, tangent] of tangents.entries()) {
        const derivative = tangent && spec.partials[k]?.(inputs, output);
        if (!tangent || !derivative) continue;
        const term = mul(tangent, derivative);
        sum = sum ? add(sum, term) : term;
      }
      return sum;
    },
    batch: withLeadingAxis,
    reference(inputs, _attributes, output) {
      const result = emptyArray(output);
      const dtype = (inputs.at(-1) as Aval).dtype;
      const args = inputs.map(() => 0);
      for (let i = 0; i < result.data.length; i++) {
        for (let k = 0; k < args.length; k++) args[k] = inputs[k]?.data[i] ?? 0;
        result.data[i] = spec.f(args, dtype);
      }
      return result;
    },
    kernel: {
      kind: 'scalar',
      expression: (args, inputs) => spec.wgsl(args, (inputs.at(-1) as Aval).dtype),
      ...(spec.uses && { uses: spec.uses }),
      ...(spec.expensive && { expensive: spec.expensive }),
    },
    accuracy: spec.accuracy,
  };
  return primitive;
}

function checkOperands(spec: ElementwiseSpec, inputs: readonly Aval[]): void {
  const first = inputs[0];
  if (inputs.length !== spec.arity || !first)
    fail('ARITY', `${spec.name}: takes ${spec.arity} operands, not ${inputs.length}.`);
  for (const input of inputs)
    if (!sameShape(input.shape, first.shape))
      fail(
        'SHAPE',
        `${spec.name}: operands have shapes ${inputs.map((x) => show(x.shape)).join(' and ')}: broadcast first.`,
      );
  const fit = spec.operands
    ? spec.operands(inputs)
    : inputs.every((input) => input.dtype === first.dtype && spec.dtypes.includes(input.dtype));
  if (!fit)
    fail(
      'DTYPE',
      `${spec.name}: is not defined for ${inputs.map((x) => x.dtype).join(' and ')}: it takes ${spec.dtypes.join(', ')}; convert with cast(x, dtype).`,
    );
}

/** A smooth function of one f32 variable. */
export function unary(
  spec: Omit<ElementwiseSpec, 'arity' | 'f' | 'wgsl' | 'partials' | 'dtypes' | 'accuracy'> & {
    readonly dtypes?: readonly DType[];
    readonly f: (x: number) => number;
    readonly wgsl: (x: string, dtype: DType) => string;
    readonly partial: ((x: Tensor, y: Tensor) => Tensor) | null;
    readonly accuracy: Accuracy;
  },
): Primitive<Record<string, never>> {
  const { partial } = spec;
  return elementwise({
    ...spec,
    arity: 1,
    dtypes: spec.dtypes ?? ['f32'],
    f: ([x]) => spec.f(x as number),
    wgsl: ([x], dtype) => spec.wgsl(x as string, dtype),
    partials: [partial && (([x], y) => partial(x as Tensor, y))],
  });
}

/** A function of two operands of one dtype. */
export function binary(
  spec: Omit<ElementwiseSpec, 'arity' | 'f' | 'wgsl' | 'partials'> & {
    readonly f: (x: number, y: number, dtype: DType) => number;
    readonly wgsl: (x: string, y: string, dtype: DType) => string;
    readonly partials: readonly [BinaryPartial, BinaryPartial];
  },
): Primitive<Record<string, never>> {
  return elementwise({
    ...spec,
    arity: 2,
    f: ([x, y], dtype) => spec.f(x as number, y as number, dtype),
    wgsl: ([x, y], dtype) => spec.wgsl(x as string, y as string, dtype),
    partials: spec.partials.map(
      (partial) =>
        partial && (([x, y]: readonly Tensor[], out: Tensor) => partial(x as Tensor, y as Tensor, out)),
    ),
  });
}

type BinaryPartial = ((x: Tensor, y: Tensor, out: Tensor) => Tensor) | null;

/** No attributes. */
export const none: Record<string, never> = {};

export type { Attributes };
