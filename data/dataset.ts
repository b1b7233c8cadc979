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
  /** The same examples under fewer classes, where the data have such a labelling: CIFAR-100's superclasses. */
  readonly coarse?: CoarseLabels;
}

/** A second labelling of an image set. */
export interface CoarseLabels {
  /** [count] class indices. */
  readonly labels: Uint8Array;
  readonly classes: readonly string[];
}

/** A training set and a test set of one kind, with the identity of their bytes. */
export interface Dataset {
  readonly name: string;
  readonly train: ImageSet;
  readonly test: ImageSet;
  /** Whether the images were drawn by `procedural.ts` or read from files. */
  readonly source: 'procedural' | 'files';
  /**
   * Whether every byte is known to be the published one: all that was read has a published hash, and has been
   * compared with it. Procedural images are drawn, and always are what they should be.
   */
  readonly verified: boolean;
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
  checkLabels(set.name, set, set.count, 'label');
  if (set.coarse) checkLabels(set.name, set.coarse, set.count, 'coarse label');
  return set;
}

function checkLabels(name: string, { labels, classes }: CoarseLabels, count: number, what: string): void {
  if (labels.length !== count)
    fail('DATA_INVALID', `${name}: expected ${count} ${what}s, found ${labels.length}.`);
  const wrong = labels.findIndex((label) => label >= classes.length);
  if (wrong >= 0)
    fail(
      'DATA_INVALID',
      `${name}: ${what} ${labels[wrong]} of example ${wrong} is above ${classes.length - 1}, ` +
        `the last of ${classes.length} classes.`,
    );
}

/**
 * The examples of `set` at `indices`, in that order, copied.
 * @throws `DATA_INVALID` when an index is not below `set.count`.
 */
export function selectExamples(set: ImageSet, indices: ArrayLike<number>, name: string): ImageSet {
  const size = imageSize(set);
  const images = new Uint8Array(indices.length * size);
  const labels = new Uint8Array(indices.length);
  const coarse = set.coarse && { ...set.coarse, labels: new Uint8Array(indices.length) };
  for (let row = 0; row < indices.length; row++) {
    const index = indices[row] ?? -1;
    if (!Number.isInteger(index) || index < 0 || index >= set.count)
      fail('DATA_INVALID', `${set.name}: index ${index} is outside 0..${set.count - 1}.`);
    images.set(set.images.subarray(index * size, (index + 1) * size), row * size);
    labels[row] = set.labels[index] ?? 0;
    if (coarse) coarse.labels[row] = set.coarse?.labels[index] ?? 0;
  }
  return { ...set, name, images, labels, count: indices.length, ...(coarse ? { coarse } : {}) };
}

/**
 * `set` with its coarse classes as its classes: CIFAR-100 as a problem of 20 classes.
 * @throws `DATA_INVALID` when it has none.
 */
export function coarseSet(set: ImageSet): ImageSet {
  const { coarse, ...fine } = set;
  if (!coarse)
    return fail('DATA_INVALID', `${set.name} has no coarse labels; of the data sets here cifar-100 has.`);
  return { ...fine, name: `${set.name}, coarse`, labels: coarse.labels, classes: coarse.classes };
}
