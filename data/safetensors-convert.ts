/**
 * Elements of safetensors files for which there is no array of numbers: integers of 64 bits, which float64 holds up to 2^53, and floating-point
 * numbers of 16 bits, of which float32 holds every one.
 */
import { fail } from '../engine/graph/errors.ts';

/** What the elements of these dtypes become. */
export interface ConvertedArrays {
  readonly I64: Float64Array;
  readonly U64: Float64Array;
  readonly F16: Float32Array;
  readonly BF16: Float32Array;
}

/** The elements in `bytes`. @throws SAFETENSORS for an integer that float64 does not hold */
export function convertStored(
  name: string,
  dtype: keyof ConvertedArrays,
  bytes: Uint8Array,
): Float64Array | Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = dtype === 'I64' || dtype === 'U64';
  const count = bytes.length / (wide ? 8 : 2);
  const values = wide ? new Float64Array(count) : new Float32Array(count);
  for (let k = 0; k < count; k++)
    switch (dtype) {
      case 'I64':
        values[k] = exact(name, view.getBigInt64(8 * k, true));
        break;
      case 'U64':
        values[k] = exact(name, view.getBigUint64(8 * k, true));
        break;
      case 'F16':
        values[k] = halfOf(view.getUint16(2 * k, true));
        break;
      case 'BF16':
        // The upper half of a float32.
        word.setUint16(0, view.getUint16(2 * k, true));
        values[k] = word.getFloat32(0);
        break;
    }
  return values;
}

const word = new DataView(new ArrayBuffer(4));

function exact(name: string, integer: bigint): number {
  const value = Number(integer);
  if (!Number.isSafeInteger(value))
    fail(
      'SAFETENSORS',
      `safetensors: '${name}' holds ${integer}, beyond the integers that are exact here, up to 2^53: store it as F64 or I32.`,
    );
  return value;
}

/** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
function halfOf(bits: number): number {
  const sign = bits >>> 15 === 0 ? 1 : -1;
  const [exponent, fraction] = [(bits >>> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
