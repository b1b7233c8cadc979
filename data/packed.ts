/**
 * Rows of bytes on the device, four to a word, in as many tensors as the device's limit on one binding asks for:
 * WebGPU promises 128 MiB, and the 50,000 training images of CIFAR take 146.
 */
import {
  greaterEqual,
  maximum,
  minimum,
  reshape,
  sub,
  take,
  tensor,
  where,
  type Tensor,
} from '../engine/index.ts';

/** What every adapter binds at once: WebGPU's least maxStorageBufferBindingSize. */
const BLOCK_BYTES = 1 << 27;

/**
 * `count` rows of `size` bytes as u32 tensors [rows, ceil(size / 4)], all of as many rows but the last: byte k of a row
 * in bits 8 (k mod 4) and up of word floor(k / 4). At least one tensor, and none above `limit` bytes.
 */
export function packRows(
  bytes: Uint8Array,
  count: number,
  size: number,
  limit: number = BLOCK_BYTES,
): readonly Tensor[] {
  const width = Math.ceil(size / 4);
  const height = Math.max(1, Math.floor(limit / (4 * width)));
  const blocks: Tensor[] = [];
  for (let from = 0; from === 0 || from < count; from += height) {
    const rows = Math.min(height, count - from);
    const padded = new Uint8Array(rows * width * 4);
    if (size === 4 * width) padded.set(bytes.subarray(from * size, (from + rows) * size));
    else
      for (let row = 0; row < rows; row++)
        padded.set(bytes.subarray((from + row) * size, (from + row + 1) * size), row * width * 4);
    // Little-endian machines, and WebGPU runs on no others, hold the first byte of a word in its lowest bits.
    blocks.push(tensor(new Uint32Array(padded.buffer), [rows, width]));
  }
  return blocks;
}

/**
 * The rows [B, W] at `indices` of the tensors that {@link packRows} made. Every tensor gives a row for every index, the
 * nearest that it has, and the one that holds the index is chosen. Only inner ends are clamped, so that an index
 * outside the whole is still a fault.
 */
export function takeRows(blocks: readonly Tensor[], indices: Tensor): Tensor {
  const [batch = 0] = indices.shape;
  const last = blocks.length - 1;
  let from = 0;
  let rows: Tensor | undefined;
  for (const [k, block] of blocks.entries()) {
    const height = block.shape[0] ?? 0;
    // The larger first: an index of u32 must not pass below zero.
    const local = k === 0 ? indices : sub(maximum(indices, from), from);
    const part = take(block, k === last ? local : minimum(local, height - 1));
    rows = rows ? where(reshape(greaterEqual(indices, from), [batch, 1]), part, rows) : part;
    from += height;
  }
  return rows ?? indices;
}
