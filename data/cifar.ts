/**
 * Reader of the binary format of CIFAR-10 and CIFAR-100 (A. Krizhevsky, "Learning multiple layers of features
 * from tiny images", 2009; the format is described at https://www.cs.toronto.edu/~kriz/cifar.html): records
 * without a header, one per image of 32x32,
 *
 *   CIFAR-10   label, then 1024 red, 1024 green and 1024 blue bytes, each plane row by row
 *   CIFAR-100  coarse label, fine label, then the same 3072 bytes
 *
 * The format has no magic number and no length: what can be checked is that a file is whole records and that
 * every label names a class, and a file of anything else fails one of the two almost surely.
 */
import { corrupt, preview, type NamedBytes } from './corrupt.ts';
import type { ImageSet } from './dataset.ts';

const SIDE = 32;
const CHANNELS = 3;
const PLANE = SIDE * SIDE;
const IMAGE = PLANE * CHANNELS;

/** The names of the classes, and of the coarse ones where each record has a coarse label in front. */
export interface CifarClasses {
  readonly classes: readonly string[];
  readonly coarseClasses?: readonly string[];
}

/**
 * Joins files of records, in their order, into one set of [32, 32, 3] images, channels last.
 * @throws `DATA_CORRUPT` when a file is empty or not a whole number of records, or a label names no class.
 */
export function readCifarSet(
  name: string,
  files: readonly NamedBytes[],
  { classes, coarseClasses }: CifarClasses,
): ImageSet {
  const labelBytes = coarseClasses ? 2 : 1;
  const record = labelBytes + IMAGE;
  const count = files.reduce((total, file) => total + recordCount(file, record), 0);
  const images = new Uint8Array(count * IMAGE);
  const labels = new Uint8Array(count);
  const coarse = new Uint8Array(coarseClasses ? count : 0);
  let index = 0;
  for (const { bytes, file } of files)
    for (let at = 0; at < bytes.length; at += record, index++) {
      if (coarseClasses)
        coarse[index] = labelAt(bytes, at, coarseClasses, file, `coarse label of record ${at / record}`);
      const label = at + labelBytes - 1;
      labels[index] = labelAt(bytes, label, classes, file, `label of record ${at / record}`);
      interleave(bytes, at + labelBytes, images, index * IMAGE);
    }
  return {
    name,
    images,
    labels,
    count,
    height: SIDE,
    width: SIDE,
    channels: CHANNELS,
    classes,
    ...(coarseClasses ? { coarse: { labels: coarse, classes: coarseClasses } } : {}),
  };
}

function recordCount({ bytes, file }: NamedBytes, record: number): number {
  if (bytes.length === 0) corrupt(file, `expected records of ${record} bytes, found an empty file`);
  const rest = bytes.length % record;
  if (rest !== 0)
    corrupt(
      file,
      `expected whole records of ${record} bytes, found ${bytes.length} bytes: ` +
        `${Math.floor(bytes.length / record)} records and ${rest} bytes (${preview(bytes)})`,
    );
  return bytes.length / record;
}

function labelAt(
  bytes: Uint8Array,
  at: number,
  classes: readonly string[],
  file: string,
  what: string,
): number {
  const label = bytes[at] ?? 0;
  if (label >= classes.length)
    corrupt(file, `expected labels 0 to ${classes.length - 1}, found ${label} as the ${what}`);
  return label;
}

/** [C, H, W] at `from` of `planes` to [H, W, C] at `to` of `pixels`. */
function interleave(planes: Uint8Array, from: number, pixels: Uint8Array, to: number): void {
  for (let channel = 0; channel < CHANNELS; channel++) {
    const plane = from + channel * PLANE;
    for (let pixel = 0; pixel < PLANE; pixel++)
      pixels[to + pixel * CHANNELS + channel] = planes[plane + pixel] ?? 0;
  }
}
