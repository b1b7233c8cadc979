/**
 * What a data set is on the host: bytes, labels and where they came from. Nothing here knows the engine;
 * `resident.ts` turns an image set into tensors.
 */
import { fail } from '../engine/graph/errors.ts';

/** Labelled images of one size, all in one array. */
export interface ImageSet {
  /** The data set and the part of it: `mnist train`. */
  readonly name: string;
  /** [count, height, width, channels] bytes, row-major, 0 black and 255 white. */
  readonly images: Uint8Array;
  /** [count] class indices, each below `classes.length`. */
  readonly labels: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** The name of each class, by label. */
  readonly classes: readonly string[];
}

/** A training set and a test set of one kind, with the identity of their bytes. */
export interface Dataset {
  readonly name: string;
  readonly train: ImageSet;
  readonly test: ImageSet;
  /** Whether the images were drawn by `procedural.ts` or read from files. */
  readonly source: 'procedural' | 'files';
  /** sha256, in hexadecimal, of the decompressed bytes of each part or file: what a run's manifest records. */
  readonly hashes: Readonly<Record<string, string>>;
}

/** Bytes of one image: height * width * channels. */
export function imageSize(set: Pick<ImageSet, 'height' | 'width' | 'channels'>): number {
  return set.height * set.width * set.channels;
}

/**
 * Returns `set` after checking that its arrays agree with its dimensions and that every label names a class.
 * @throws `DATA_INVALID` with the expected and the found value.
 */
export function checkImageSet(set: ImageSet): ImageSet {
  for (const dimension of ['count', 'height', 'width', 'channels'] as const)
    if (!Number.isInteger(set[dimension]) || set[dimension] < (dimension === 'count' ? 0 : 1))
      fail('DATA_INVALID', `${set.name}: ${dimension} must be a positive integer, found ${set[dimension]}.`);
  const bytes = set.count * imageSize(set);
  if (set.images.length !== bytes)
    fail(
      'DATA_INVALID',
      `${set.name}: ${set.count} images of ${set.height}x${set.width}x${set.channels} take ${bytes} bytes, ` +
        `found ${set.images.length}.`,
    );
  if (set.labels.length !== set.count)
    fail('DATA_INVALID', `${set.name}: expected ${set.count} labels, found ${set.labels.length}.`);
  const wrong = set.labels.findIndex((label) => label >= set.classes.length);
  if (wrong >= 0)
    fail(
      'DATA_INVALID',
      `${set.name}: label ${set.labels[wrong]} of example ${wrong} is above ${set.classes.length - 1}, ` +
        `the last of ${set.classes.length} classes.`,
    );
  return set;
}

/**
 * The examples of `set` at `indices`, in that order, copied.
 * @throws `DATA_INVALID` when an index is not below `set.count`.
 */
export function selectExamples(set: ImageSet, indices: ArrayLike<number>, name: string): ImageSet {
  const size = imageSize(set);
  const images = new Uint8Array(indices.length * size);
  const labels = new Uint8Array(indices.length);
  for (let row = 0; row < indices.length; row++) {
    const index = indices[row] ?? -1;
    if (!Number.isInteger(index) || index < 0 || index >= set.count)
      fail('DATA_INVALID', `${set.name}: index ${index} is outside 0..${set.count - 1}.`);
    images.set(set.images.subarray(index * size, (index + 1) * size), row * size);
    labels[row] = set.labels[index] ?? 0;
  }
  return { ...set, name, images, labels, count: indices.length };
}
