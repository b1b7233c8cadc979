/**
 * Test data as a function of a name: every array is drawn with Threefry from a key made of its seed, so a
 * failure repeats on every machine. Values of f32 are rounded to f32 here, so that the float64 interpreter and
 * a device start from the same numbers.
 */
import type { DType, HostArray } from '../../engine/graph/dtype.ts';
import { referenceArray } from '../../engine/graph/dtype.ts';
import type { NdArray } from '../../engine/graph/ndarray.ts';
import { sizeOf, type Shape } from '../../engine/graph/shape.ts';
import { bitsAt, foldInWords, type Words } from '../../engine/random/threefry.ts';

/** A closed interval of numbers. */
export type Interval = readonly [low: number, high: number];
/** Where values may be drawn: the union of intervals. */
export type Domain = readonly Interval[];

/** A key from a text: its characters folded in one by one. */
export function keyOf(seed: string): Words {
  let key: Words = [0, 0];
  for (const character of seed) key = foldInWords(key, character.codePointAt(0) as number);
  return key;
}

/** The `index`-th uniform number of a key, in [0, 1). */
export function unit(key: Words, index: number): number {
  return bitsAt(key, index) / 2 ** 32;
}

/** Uniform numbers over a union of intervals, each interval in proportion to its length. */
export function uniforms(seed: string, count: number, domain: Domain = [[-2, 2]]): number[] {
  const key = keyOf(seed);
  const total = domain.reduce((sum, [low, high]) => sum + (high - low), 0);
  return Array.from({ length: count }, (_, i) => {
    let at = unit(key, i) * total;
    for (const [low, high] of domain) {
      if (at < high - low) return low + at;
      at -= high - low;
    }
    return (domain.at(-1) as Interval)[1];
  });
}

/** An f32 array of given values, each rounded to f32. */
export function floats(shape: Shape, values: readonly number[]): NdArray {
  return { shape, dtype: 'f32', data: Float64Array.from(values, Math.fround) };
}

/** A uniform f32 array over a domain. */
export function uniform(seed: string, shape: Shape, domain?: Domain): NdArray {
  return floats(shape, uniforms(seed, sizeOf(shape), domain));
}

/** An array of any dtype of given values. */
export function array(dtype: DType, shape: Shape, values: ArrayLike<number>): NdArray {
  const data: HostArray = referenceArray(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++)
    data[i] = dtype === 'f32' ? Math.fround(values[i] as number) : (values[i] as number);
  return { shape, dtype, data };
}

/** Integers from `low` to `high` inclusive. */
export function integers(
  seed: string,
  shape: Shape,
  dtype: 'i32' | 'u32' | 'bool',
  low: number,
  high: number,
): NdArray {
  return array(dtype, shape, uniforms(seed, sizeOf(shape), [[low, high + 1]]).map(Math.floor));
}

/** A random order of 0 … count - 1. */
export function order(seed: string, count: number): number[] {
  const key = keyOf(seed);
  const drawn = Array.from({ length: count }, (_, i) => unit(key, i));
  return drawn.map((_, i) => i).sort((a, b) => (drawn[a] as number) - (drawn[b] as number));
}

/** An f32 array whose elements are at least `gap` apart, in random order around 0: no ties within any step. */
export function distinct(seed: string, shape: Shape, gap = 0.25): NdArray {
  const count = sizeOf(shape);
  return floats(
    shape,
    order(seed, count).map((rank) => (rank - count / 2) * gap),
  );
}
