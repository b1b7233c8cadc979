/** Host values and implicit broadcasting: how public operations bring their operands to one shape. */
import { type DType, type HostArray } from '../graph/dtype.ts';
import { fail } from '../graph/errors.ts';
import type { Primitive } from '../graph/primitive.ts';
import { broadcastShapes, sameShape, show, type Shape } from '../graph/shape.ts';
import { apply, hostTensor, Tensor } from '../graph/tensor.ts';
import { broadcastTo } from './movement.ts';
import { none } from './scalar.ts';

/** A tensor, or a number or truth value that takes the dtype of the other operand. */
export type TensorLike = Tensor | number | boolean;

/** A rank-0 tensor of the given dtype. */
export function scalar(value: number | boolean, dtype: DType): Tensor {
  const number = Number(value);
  if ((dtype === 'i32' || dtype === 'u32') && !Number.isInteger(number))
    fail('DTYPE', `${number} is not an integer: cast the ${dtype} operand to f32 first.`);
  if (dtype === 'u32' && number < 0)
    fail('DTYPE', `${number} is negative: cast the u32 operand to i32 first.`);
  const data: HostArray =
    dtype === 'f32'
      ? Float64Array.of(number)
      : dtype === 'i32'
        ? Int32Array.of(number)
        : dtype === 'u32'
          ? Uint32Array.of(number)
          : Uint8Array.of(number === 0 ? 0 : 1);
  return hostTensor({ shape: [], dtype }, data);
}

function defaultDType(value: number | boolean): DType {
  return typeof value === 'boolean' ? 'bool' : 'f32';
}

/** Operands as tensors: numbers take the dtype of the first tensor among them. */
export function asTensors(operands: readonly TensorLike[], dtype?: DType): Tensor[] {
  const anchor = dtype ?? operands.find((x): x is Tensor => x instanceof Tensor)?.dtype;
  return operands.map((x) => (x instanceof Tensor ? x : scalar(x, anchor ?? defaultDType(x))));
}

/** Brings tensors to their common shape. */
export function broadcastAll(operation: string, tensors: readonly Tensor[]): Tensor[] {
  const shape = tensors.map((x) => x.shape).reduce((a, b) => broadcastShapes(operation, a, b));
  return tensors.map((x) => (sameShape(x.shape, shape) ? x : broadcastTo(x, shape)));
}

/** Applies an elementwise primitive to operands of any broadcastable shapes. */
export function applyBroadcast(
  primitive: Primitive<Record<string, never>>,
  operands: readonly TensorLike[],
): Tensor {
  const tensors = asTensors(operands);
  const [first] = tensors as [Tensor];
  for (const x of tensors)
    if (x.dtype !== first.dtype)
      fail(
        'DTYPE',
        `${primitive.name}: ${first.dtype}${show(first.shape)} and ${x.dtype}${show(x.shape)} differ in dtype: convert one with cast(x, dtype).`,
      );
  return apply(primitive, broadcastAll(primitive.name, tensors), none);
}

/** A constant of any shape: a broadcast scalar, which costs nothing. */
export function full(shape: Shape, value: number | boolean, dtype: DType = defaultDType(value)): Tensor {
  return broadcastTo(scalar(value, dtype), shape);
}

export function zeros(shape: Shape, dtype: DType = 'f32'): Tensor {
  return full(shape, 0, dtype);
}

export function ones(shape: Shape, dtype: DType = 'f32'): Tensor {
  return full(shape, 1, dtype);
}

export function zerosLike(x: Tensor): Tensor {
  return zeros(x.shape, x.dtype);
}

export function onesLike(x: Tensor): Tensor {
  return ones(x.shape, x.dtype);
}
