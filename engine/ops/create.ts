/** Tensors from host values. */
import { dtypeOf, type DType, type HostArray } from '../graph/dtype.ts';
import { fail } from '../graph/errors.ts';
import { checkShape, show, sizeOf, type Shape } from '../graph/shape.ts';
import { hostTensor, type Tensor } from '../graph/tensor.ts';

export type Nested = number | boolean | readonly Nested[];

/**
 * A tensor of nested numbers (f32; bool for truth values), or of a typed array with a shape (dtype from the
 * array: Float32Array and Float64Array f32, Int32Array i32, Uint32Array u32, Uint8Array bool). Typed arrays are copied.
 *
 * @throws SHAPE for ragged nesting or a size that does not fit; DTYPE for other arrays
 */
export function tensor(values: Nested | HostArray, shape?: Shape, dtype?: DType): Tensor {
  if (ArrayBuffer.isView(values)) {
    const type = dtype ?? dtypeOf(values);
    const extents = shape ?? [values.length];
    checkShape('tensor', extents);
    if (sizeOf(extents) !== values.length)
      fail(
        'SHAPE',
        `tensor: ${values.length} values do not fill ${show(extents)}, which has ${sizeOf(extents)} elements.`,
      );
    return hostTensor({ shape: [...extents], dtype: type }, convert(values, type));
  }
  const extents = nestedShape(values);
  const flat = Array.isArray(values)
    ? (values.flat(Infinity) as (number | boolean)[])
    : [values as number | boolean];
  checkShape('tensor', extents);
  if (flat.length !== sizeOf(extents) || flat.some((x) => typeof x !== 'number' && typeof x !== 'boolean'))
    fail(
      'SHAPE',
      `tensor: nested arrays must be rectangular and hold numbers: ${show(extents)} expects ${sizeOf(extents)} of them.`,
    );
  checkRectangular(values, extents);
  const type = dtype ?? (flat.length > 0 && flat.every((x) => typeof x === 'boolean') ? 'bool' : 'f32');
  const data = convert(Float64Array.from(flat, Number), type);
  const target = shape ?? extents;
  if (sizeOf(target) !== flat.length)
    fail('SHAPE', `tensor: ${flat.length} values do not fill ${show(target)}.`);
  return hostTensor({ shape: [...target], dtype: type }, data);
}

function nestedShape(values: Nested): number[] {
  return Array.isArray(values)
    ? [values.length, ...(values.length > 0 ? nestedShape(values[0] as Nested) : [])]
    : [];
}

function checkRectangular(values: Nested, [extent, ...rest]: readonly number[]): void {
  const list = Array.isArray(values) ? (values as readonly Nested[]) : undefined;
  if (list?.length !== extent)
    fail(
      'SHAPE',
      `tensor: nested arrays must be rectangular: one has ${list?.length ?? 'no'} entries where its siblings have ${extent ?? 'none'}.`,
    );
  for (const child of list ?? []) checkRectangular(child, rest);
}

function convert(values: HostArray, dtype: DType): HostArray {
  if (dtype === 'f32')
    return values instanceof Float64Array || values instanceof Float32Array
      ? values.slice()
      : Float64Array.from(values);
  for (const value of values)
    if (
      dtype !== 'bool' &&
      (!Number.isInteger(value) ||
        value < (dtype === 'u32' ? 0 : -(2 ** 31)) ||
        value >= (dtype === 'u32' ? 2 ** 32 : 2 ** 31))
    )
      fail('DTYPE', `tensor: ${value} is not a value of ${dtype}.`);
  if (dtype === 'bool') return Uint8Array.from(values, (value) => (value === 0 ? 0 : 1));
  return dtype === 'i32' ? Int32Array.from(values) : Uint32Array.from(values);
}
