/**
 * Image sets on the device: uploaded once as bytes, four to a word, so that a minibatch costs the transfer of
 * its indices and not of its pixels. Taking the rows, unpacking and scaling are index maps and scalar
 * operations, which fuse into whatever consumes the batch.
 */
import {
  bitAnd,
  broadcastTo,
  cast,
  iota,
  mul,
  reshape,
  shiftRight,
  slice,
  take,
  tensor,
  type Tensor,
} from '../engine/index.ts';
import { imageSize, type ImageSet } from './dataset.ts';

/** The tensors of a resident set: a tree, to pass to a recorded function. */
export interface ResidentTensors {
  /** u32 [N, ceil(H W C / 4)]: byte k of an image in bits 8 (k mod 4) and up of word floor(k / 4). */
  readonly words: Tensor;
  /** i32 [N]. */
  readonly labels: Tensor;
  readonly [name: string]: Tensor;
}

/** An image set whose pixels and labels are tensors. */
export interface ResidentSet extends Omit<ImageSet, 'images' | 'labels'> {
  readonly tensors: ResidentTensors;
}

/** A minibatch. */
export interface Batch {
  /** f32 [B, H W C], from 0 (black) to 1 (white). */
  readonly images: Tensor;
  /** i32 [B]. */
  readonly labels: Tensor;
  readonly [name: string]: Tensor;
}

/** Turns an image set into tensors: H W C bytes of device memory per image, rounded up to four, and four per label. */
export function resident(set: ImageSet): ResidentSet {
  const { images, labels, ...description } = set;
  const size = imageSize(set);
  const width = Math.ceil(size / 4);
  const words = new Uint32Array(set.count * width);
  for (let row = 0; row < set.count; row++)
    for (let k = 0; k < size; k++) {
      const at = row * width + (k >> 2);
      words[at] = (words[at] ?? 0) | ((images[row * size + k] ?? 0) << (8 * (k & 3)));
    }
  return {
    ...description,
    tensors: {
      words: tensor(words, [set.count, width]),
      labels: tensor(Int32Array.from(labels), [set.count]),
    },
  };
}

/**
 * The examples at `indices` (i32 or u32 [B]). Inside a recorded function the tensors may come in as an
 * argument instead of being part of the record.
 * @throws `INDEX_OUT_OF_RANGE` when an index is not below N.
 */
export function gatherBatch(
  set: ResidentSet,
  indices: Tensor,
  tensors: ResidentTensors = set.tensors,
): Batch {
  const size = imageSize(set);
  const rows = take(tensors.words, indices); // [B, W]
  const [batch = 0, width = 0] = rows.shape;
  const repeated = broadcastTo(reshape(rows, [batch, width, 1]), [batch, width, 4]);
  const shifts = mul(iota([4], 0, 'u32'), tensor(Uint32Array.of(8)));
  const bytes = bitAnd(shiftRight(repeated, shifts), tensor(Uint32Array.of(255)));
  const pixels = reshape(mul(cast(bytes, 'f32'), 1 / 255), [batch, 4 * width]);
  return {
    images: 4 * width === size ? pixels : slice(pixels, [0, 0], [batch, size]),
    labels: take(tensors.labels, indices),
  };
}
