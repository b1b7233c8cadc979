/**
 * Data sets out of files, wherever the files are: the caller says how to read one, so that the same code
 * serves a directory, a server and a test.
 */
import { checkImageSet, type Dataset, type ImageSet } from './dataset.ts';
import { catalogue, type DataFile, type FileDataset, type FileDatasetName } from './catalogue.ts';
import { gunzip, isGzip } from './gzip.ts';
import { corrupt, readIdxSet } from './idx.ts';
import { sha256 } from './sha256.ts';

/**
 * Reads one file whole, given its path: `mnist/train-images-idx3-ubyte.gz`. What it returns may be gzip or
 * already decompressed.
 */
export type ReadFile = (path: string) => Promise<Uint8Array>;

/**
 * Reads one of the data sets of the catalogue.
 * @param verify whether a file must have the published content. Set it to false for other images in the
 *   same format; their hashes are recorded all the same.
 * @throws `DATA_CORRUPT` when a file is damaged or is not the published one; whatever `read` throws.
 */
export async function readDataset(name: FileDatasetName, read: ReadFile, verify = true): Promise<Dataset> {
  const entry = catalogue[name];
  const hashes: Record<string, string> = {};
  const train = await readPart(entry, 'train', read, verify, hashes);
  const test = await readPart(entry, 'test', read, verify, hashes);
  return { name, train, test, source: 'files', hashes };
}

async function readPart(
  entry: FileDataset,
  part: 'train' | 'test',
  read: ReadFile,
  verify: boolean,
  hashes: Record<string, string>,
): Promise<ImageSet> {
  const files =
    part === 'train'
      ? { images: entry.files.trainImages, labels: entry.files.trainLabels }
      : { images: entry.files.testImages, labels: entry.files.testLabels };
  const load = async (file: DataFile): Promise<{ bytes: Uint8Array; file: string }> => {
    const path = `${entry.name}/${file.name}.gz`;
    return { bytes: await decompress(await read(path), path, verify ? file.bytes : MAX_BYTES), file: path };
  };
  const images = await load(files.images);
  const labels = await load(files.labels);
  // The format is checked before the hash: "cut short by 12 bytes" helps more than "the hash differs".
  const set = checkImageSet(readIdxSet(`${entry.name} ${part}`, images, labels, entry.classes));
  hashes[files.images.name] = await contentHash(images.bytes, files.images, images.file, verify);
  hashes[files.labels.name] = await contentHash(labels.bytes, files.labels, labels.file, verify);
  return set;
}

// No file in the format is expected above this; a compressed file that claims more is not decompressed.
const MAX_BYTES = 1 << 30;

/** The content of a file that is gzip, or the file itself. At most `limit` bytes when it is compressed. */
export async function decompress(bytes: Uint8Array, file: string, limit: number): Promise<Uint8Array> {
  // An IDX file begins with two zero bytes. Anything else must be gzip, and gunzip says what it is instead.
  const plain = bytes[0] === 0 && bytes[1] === 0 && !isGzip(bytes);
  return plain ? bytes : gunzip(bytes, file, limit);
}

/**
 * The SHA-256 of decompressed content.
 * @throws `DATA_CORRUPT` when `verify` is set and it is not the published one.
 */
export async function contentHash(
  content: Uint8Array,
  expected: DataFile,
  file: string,
  verify = true,
): Promise<string> {
  const found = await sha256(content);
  if (verify && found !== expected.sha256)
    corrupt(
      file,
      `expected content with sha256 ${expected.sha256}, found ${found} (${content.length} bytes)`,
    );
  return found;
}
