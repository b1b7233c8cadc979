/** A concrete array in row-major order: what the reference interpreter computes with. */
import { referenceArray, type DType, type HostArray } from './dtype.ts';
import { sizeOf, stridesOf, type Shape } from './shape.ts';

/** Shape and dtype: all that a shape rule sees of a tensor ("abstract value"). */
export interface Aval {
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface NdArray extends Aval {
  readonly data: HostArray;
}

export function emptyArray(aval: Aval): NdArray {
  return { shape: aval.shape, dtype: aval.dtype, data: referenceArray(aval.dtype, sizeOf(aval.shape)) };
}

/**
 * Fills an array by a function of the coordinates, visited in row-major order. The coordinate array is
 * reused between calls.
 */
export function buildArray(
  aval: Aval,
  element: (coordinates: readonly number[], linear: number) => number,
): NdArray {
  const result = emptyArray(aval);
  const coordinates = aval.shape.map(() => 0);
  for (let linear = 0; linear < result.data.length; linear++) {
    result.data[linear] = element(coordinates, linear);
    for (let axis = coordinates.length - 1; axis >= 0; axis--) {
      const next = (coordinates[axis] ?? 0) + 1;
      if (next < (aval.shape[axis] ?? 0)) {
        coordinates[axis] = next;
        break;
      }
      coordinates[axis] = 0;
    }
  }
  return result;
}

/** A reader of `array` by coordinates. */
export function reader(array: NdArray): (coordinates: readonly number[]) => number {
  const strides = stridesOf(array.shape);
  const { data } = array;
  return (coordinates) => {
    let offset = 0;
    for (let axis = 0; axis < strides.length; axis++)
      offset += (coordinates[axis] ?? 0) * (strides[axis] ?? 0);
    return data[offset] ?? Number.NaN;
  };
}
