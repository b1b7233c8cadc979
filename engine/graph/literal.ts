/** Constants as WGSL text. */
import type { DType } from './dtype.ts';

/** WGSL literal of a constant element. */
export function literal(value: number, dtype: DType): string {
  if (dtype === 'i32') return `i32(${value})`;
  if (dtype !== 'f32') return `${value >>> 0}u`;
  if (!Number.isFinite(value)) {
    // WGSL has no literal for these, and refuses constant expressions that make them.
    const bits = Number.isNaN(value) ? '0x7fc00000' : value > 0 ? '0x7f800000' : '0xff800000';
    return `nonFinite(${bits}u)`;
  }
  const text = Math.fround(value).toString();
  return /[.e]/.test(text) ? text : `${text}.0`;
}
