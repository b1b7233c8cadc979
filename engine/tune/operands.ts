/**
 * Operands to measure with, and how far two kernels may differ on them. All are positive, so the magnitudes of a result's
 * terms add up to the result, and the bound of a sum in the primitive's record becomes a relative one.
 */
import type { Aval } from '../graph/ndarray.ts';
import { sizeOf } from '../graph/shape.ts';
import type { Subject } from './subjects.ts';

/** Words that are written at once. */
const BLOCK = 1 << 16;
/** WGSL rounds to either neighbour. */
const U = 2 ** -23;

/** Fills a buffer: numbers in [1, 2) without a pattern that a tile could share, or for integers their bits. */
export function fill(gpu: GPUDevice, buffer: GPUBuffer, { dtype, shape }: Aval): void {
  const words = sizeOf(shape);
  const block = new Uint32Array(Math.min(BLOCK, words));
  for (let i = 0; i < block.length; i++) {
    const random = Math.imul(i + 1, 0x9e3779b1) >>> 9;
    block[i] = dtype === 'f32' ? 0x3f800000 | random : random & 1;
  }
  for (let at = 0; at < words; at += BLOCK)
    gpu.queue.writeBuffer(buffer, 4 * at, block, 0, Math.min(BLOCK, words - at));
}

/** Whether the results of two kernels, as words, are as near to each other as two that are right. */
export function agree(
  actual: Uint32Array<ArrayBuffer>,
  expected: Uint32Array<ArrayBuffer>,
  subject: Subject,
): boolean {
  const { primitive, inputs, attributes } = subject;
  const { accuracy } = primitive;
  const exact = accuracy.kind !== 'sum' || inputs.some(({ dtype }) => dtype !== 'f32');
  if (exact) return actual.every((word, i) => word === expected[i]);
  const terms = accuracy.terms(inputs, attributes);
  // Each is within gamma of the exact sum, gamma = terms·u / (1 - terms·u); a sum of millions of terms has no bound.
  const gamma = terms * U < 0.5 ? (terms * U) / (1 - terms * U) : Infinity;
  const [a, b] = [new Float32Array(actual.buffer), new Float32Array(expected.buffer)];
  return a.every((value, i) => {
    const other = b[i] as number;
    return Math.abs(value - other) <= (2 * gamma * Math.abs(other)) / (1 - Math.min(gamma, 0.5));
  });
}
