/**
 * Reader of the IDX format of MNIST and Fashion-MNIST (Y. LeCun, C. Cortes, C. Burges, "The MNIST database
 * of handwritten digits"): a magic number 0x0000TTDD, with TT the element type (08: unsigned byte) and DD
 * the number of dimensions, then DD sizes, then the elements; all integers 32-bit big-endian.
 *
 * Whatever does not match the format exactly is refused, down to a single byte too many: a data set that is
 * read wrongly trains without an error and learns nothing.
 */
import { corrupt, preview, type NamedBytes } from './corrupt.ts';
import type { ImageSet } from './dataset.ts';

const IMAGES_MAGIC = 2051; // 0x00000803: unsigned bytes, three dimensions
const LABELS_MAGIC = 2049; // 0x00000801: unsigned bytes, one dimension

/** Elements of an IDX file of unsigned bytes and the sizes of its dimensions. */
export interface IdxArray {
  readonly sizes: readonly number[];
  /** A view of the file, row-major. */
  readonly elements: Uint8Array;
}

/**
 * Reads an IDX file of images. `file` is the name that errors show.
 * @returns sizes [count, height, width] and the pixels.
 * @throws `DATA_CORRUPT` with what was expected and what was found.
 */
export function readIdxImages(bytes: Uint8Array, file: string): IdxArray {
  return readIdx(bytes, file, IMAGES_MAGIC, 'images');
}

/**
 * Reads an IDX file of labels.
 * @returns sizes [count] and the labels.
 * @throws `DATA_CORRUPT` with what was expected and what was found.
 */
export function readIdxLabels(bytes: Uint8Array, file: string): IdxArray {
  return readIdx(bytes, file, LABELS_MAGIC, 'labels');
}

/**
 * Joins a file of images and a file of labels into an image set of one channel.
 * @throws `DATA_CORRUPT` when a file is malformed, the counts differ, or a label names no class.
 */
export function readIdxSet(
  name: string,
  images: NamedBytes,
  labels: NamedBytes,
  classes: readonly string[],
): ImageSet {
  const pixels = readIdxImages(images.bytes, images.file);
  const targets = readIdxLabels(labels.bytes, labels.file);
  const [count = 0, height = 0, width = 0] = pixels.sizes;
  if (targets.elements.length !== count)
    corrupt(
      labels.file,
      `expected ${count} labels, one per image of ${images.file}, found ${targets.sizes[0]}`,
    );
  const wrong = targets.elements.findIndex((label) => label >= classes.length);
  if (wrong >= 0)
    corrupt(
      labels.file,
      `expected labels 0 to ${classes.length - 1}, found ${targets.elements[wrong]} at position ${wrong}`,
    );
  return {
    name,
    images: pixels.elements,
    labels: targets.elements,
    count,
    height,
    width,
    channels: 1,
    classes,
  };
}

function readIdx(bytes: Uint8Array, file: string, magic: number, what: string): IdxArray {
  if (bytes.length === 0) corrupt(file, `expected an IDX file of ${what}, found an empty file`);
  const rank = magic & 0xff;
  const header = 4 * (1 + rank);
  if (bytes.length < header)
    corrupt(file, `expected a header of ${header} bytes for ${what}, found ${bytes.length} bytes in all`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = view.getUint32(0);
  if (found !== magic)
    corrupt(file, `expected the magic number ${magic} of ${what}, found ${found} (${preview(bytes)})`);
  const sizes = Array.from({ length: rank }, (_, axis) => view.getUint32(4 * (1 + axis)));
  const zero = sizes.indexOf(0);
  if (zero >= 0) corrupt(file, `expected every dimension above 0, found ${sizes.join(' x ')}`);
  // Three sizes below 2^32 stay below 2^96: the product may be rounded, never mistaken for a file's length.
  const expected = sizes.reduce((product, size) => product * size, 1);
  const actual = bytes.length - header;
  if (actual !== expected)
    corrupt(
      file,
      `expected ${expected} bytes of ${what} after the header (${sizes.join(' x ')}), found ${actual}, ` +
        (actual < expected ? 'so the file is cut short' : `so ${actual - expected} bytes trail`),
    );
  return { sizes, elements: bytes.subarray(header) };
}
