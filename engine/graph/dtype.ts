/**
 * Element types. On the device every element is one 32-bit word (a bool is 0 or 1); the reference
 * interpreter holds f32 tensors in float64, so that rules can be checked sharply.
 */
import { fail } from './errors.ts';

export type DType = 'f32' | 'i32' | 'u32' | 'bool';

/** What `data()` resolves to on a device: Float32Array, Int32Array, Uint32Array, and Uint8Array for bool. */
export type DeviceArray = Float32Array | Int32Array | Uint32Array | Uint8Array;
/** Host values of any backend; Float64Array where f32 is held in float64. */
export type HostArray = DeviceArray | Float64Array;

export function isFloat(dtype: DType): boolean {
  return dtype === 'f32';
}

/** The dtype that a typed array stands for. */
export function dtypeOf(array: HostArray): DType {
  if (array instanceof Float32Array || array instanceof Float64Array) return 'f32';
  if (array instanceof Int32Array) return 'i32';
  if (array instanceof Uint32Array) return 'u32';
  if (array instanceof Uint8Array) return 'bool';
  return fail(
    'DTYPE',
    `tensor: ${Object.prototype.toString.call(array)} has no dtype here: pass a Float32Array, Float64Array, Int32Array, Uint32Array, or a Uint8Array for bool.`,
  );
}

/** An array for `size` elements in the precision of the reference interpreter. */
export function referenceArray(dtype: DType, size: number): HostArray {
  switch (dtype) {
    case 'f32':
      return new Float64Array(size);
    case 'i32':
      return new Int32Array(size);
    case 'u32':
      return new Uint32Array(size);
    case 'bool':
      return new Uint8Array(size);
  }
}

/** The 32-bit words of `data` as the device stores them. */
export function toWords(dtype: DType, data: HostArray): Uint32Array<ArrayBuffer> {
  switch (dtype) {
    case 'f32':
      return new Uint32Array(Float32Array.from(data).buffer);
    case 'i32':
      return new Uint32Array(Int32Array.from(data).buffer);
    default:
      return Uint32Array.from(data);
  }
}

/** The inverse of {@link toWords}: device words as the array that `data()` returns. */
export function fromWords(dtype: DType, words: ArrayBuffer): DeviceArray {
  switch (dtype) {
    case 'f32':
      return new Float32Array(words);
    case 'i32':
      return new Int32Array(words);
    case 'u32':
      return new Uint32Array(words);
    case 'bool':
      return Uint8Array.from(new Uint32Array(words));
  }
}
