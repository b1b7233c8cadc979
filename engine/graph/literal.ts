/** Constants as WGSL text. */
import type { DType } from './dtype.ts';

/** WGSL literal of a constant element. */
export function literal(value: number, dtype: DType): string {
  if (dtype === 'i32') return `i32(${value})`;
  if (dtype !== 'f32') return `${value >>> 0}u`;
  const single = Math.fround(value);
  if (!Number.isFinite(single)) {
    // WGSL has no literal for these, and refuses constant expressions that make them.
    const bits = Number.isNaN(single) ? '0x7fc00000' : single > 0 ? '0x7f800000' : '0xff800000';
    return `nonFinite(${bits}u)`;
  }
  const text = Object.is(single, -0) ? '-0' : single.toString();
  return /[.e]/.test(text) ? text : `${text}.0`;
}
