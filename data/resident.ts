/**
 * Image sets on the device: uploaded once as bytes, four to a word, so that a minibatch costs the transfer of
 * its indices and not of its pixels. Taking the rows, unpacking and scaling are index maps and scalar
 * operations, which fuse into whatever consumes the batch.
 */
import {
  add,
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
import { packRows, takeRows } from './packed.ts';
import { standardizingScale, type Standardization } from './standardize.ts';

/** The tensors of a resident set: a tree, to pass to a recorded function. */
export interface ResidentTensors {
  /** The images, four bytes to a word: u32 [N, ceil(H W C / 4)], in several tensors where one would be too large. */
  readonly words: readonly Tensor[];
  /** i32 [N]. */
  readonly labels: Tensor;
  /** f32 [C] each, of a standardised set: a byte b becomes scale b + shift. Otherwise it becomes b / 255. */
  readonly scale?: Tensor;
  readonly shift?: Tensor;
  readonly [name: string]: Tensor | readonly Tensor[];
}

/** An image set whose pixels and labels are tensors. */
export interface ResidentSet extends Omit<ImageSet, 'images' | 'labels' | 'coarse'> {
  readonly tensors: ResidentTensors;
}

/** What {@link resident} may be told. */
export interface ResidentOptions {
  /** Standardises the images of every batch, by the numbers of the training set. Default: pixels from 0 to 1. */
  readonly standardize?: Standardization;
  /** The most bytes of one tensor. Default 2^27, which every adapter binds. */
  readonly blockBytes?: number;
}

/** A minibatch. */
export interface Batch {
  /** f32 [B, H W C] or [B, H, W, C], from 0 (black) to 1 (white) unless the set is standardised. */
  readonly images: Tensor;
  /** i32 [B]. */
  readonly labels: Tensor;
  readonly [name: string]: Tensor;
}

/**
 * Turns an image set into tensors: H W C bytes of device memory per image, rounded up to four, and four per label.
 * @throws `DATA_INVALID` when the standardisation is not one of as many channels.
 */
export function resident(set: ImageSet, { standardize, blockBytes }: ResidentOptions = {}): ResidentSet {
  const { images, labels, coarse: _, ...description } = set;
  const affine = standardize && standardizingScale(standardize, set);
  return {
    ...description,
    tensors: {
      words: packRows(images, set.count, imageSize(set), blockBytes),
      labels: tensor(Int32Array.from(labels), [set.count]),
      ...(affine ? { scale: tensor(affine.scale), shift: tensor(affine.shift) } : {}),
    },
  };
}

/**
 * The examples at `indices` (i32 or u32 [B]), each image a row: what a dense layer takes. Inside a recorded function
 * the tensors may come in as an argument instead of being part of the record.
 * @returns images [B, H W C]
 * @throws `INDEX_OUT_OF_RANGE` when an index is not below N.
 */
export function gatherBatch(
  set: ResidentSet,
  indices: Tensor,
  tensors: ResidentTensors = set.tensors,
): Batch {
  const { images, labels } = gatherImages(set, indices, tensors);
  return { images: reshape(images, [images.shape[0] ?? 0, imageSize(set)]), labels };
}

/**
 * {@link gatherBatch} with the images as they lie: what a convolution takes.
 * @returns images [B, H, W, C]
 * @throws `INDEX_OUT_OF_RANGE` when an index is not below N.
 */
export function gatherImages(
  set: ResidentSet,
  indices: Tensor,
  tensors: ResidentTensors = set.tensors,
): Batch {
  const { height, width, channels } = set;
  const { scale, shift } = tensors;
  const rows = takeRows(tensors.words, indices); // [B, W]
  const [batch = 0, words = 0] = rows.shape;
  const repeated = broadcastTo(reshape(rows, [batch, words, 1]), [batch, words, 4]);
  const shifts = mul(iota([4], 0, 'u32'), tensor(Uint32Array.of(8)));
  const bytes = bitAnd(shiftRight(repeated, shifts), tensor(Uint32Array.of(255)));
  const values = reshape(cast(bytes, 'f32'), [batch, 4 * words]);
  const size = imageSize(set);
  const pixels = reshape(4 * words === size ? values : slice(values, [0, 0], [batch, size]), [
    batch,
    height,
    width,
    channels,
  ]);
  return {
    images: scale && shift ? add(mul(pixels, scale), shift) : mul(pixels, 1 / 255),
    labels: take(tensors.labels, indices),
  };
}
