/**
 * Data sets out of files, wherever the files are: the caller says how to read one, so that the same code
 * serves a directory, a server and a test.
 */
import { LangevinError } from '../engine/graph/errors.ts';
import {
  catalogue,
  type DataArchive,
  type DataFile,
  type FileDataset,
  type FileDatasetName,
} from './catalogue.ts';
import { corrupt, preview, type NamedBytes } from './corrupt.ts';
import { checkImageSet, type Dataset, type ImageSet } from './dataset.ts';
import { gunzip, isGzip } from './gzip.ts';
import { sha256 } from './sha256.ts';
import { readTar } from './tar.ts';

/**
 * Reads one file whole, given its path: `mnist/train-images-idx3-ubyte.gz`, `cifar-10-binary.tar.gz`. What it
 * returns may be gzip or already decompressed. Where there is no such file it throws a `LangevinError` with the
 * code `DATA_MISSING`, so that a data set that is not there in one form is looked for in the other.
 */
export type ReadFile = (path: string) => Promise<Uint8Array>;

/** Gives the decompressed files of one data set, out of its archive or its folder. */
interface Opened {
  readonly content: (file: DataFile) => Promise<NamedBytes>;
  /** Whether the archive that the files come from is the published one. */
  readonly verified: boolean;
}

/**
 * Reads one of the data sets of the catalogue: out of its archive if that is there, else out of its folder.
 * @param verify whether a file whose hash is published must have it, and every file its published size. Set it to
 *   false for other images in the same format; their hashes are recorded all the same.
 * @throws `DATA_CORRUPT` when a file is damaged or is not the published one; whatever `read` throws.
 */
export async function readDataset(name: FileDatasetName, read: ReadFile, verify = true): Promise<Dataset> {
  const entry = catalogue[name];
  const hashes: Record<string, string> = {};
  const opened = entry.archive
    ? await openEither(entry, entry.archive, read, verify, hashes)
    : openFolder(entry, read, verify);
  const train = await readPart(entry, 'train', opened, verify, hashes);
  const test = await readPart(entry, 'test', opened, verify, hashes);
  const pinned = [...entry.train, ...entry.test].every((file) => file.sha256 === hashes[file.name]);
  return { name, train, test, source: 'files', verified: opened.verified || pinned, hashes };
}

async function readPart(
  entry: FileDataset,
  part: 'train' | 'test',
  { content }: Opened,
  verify: boolean,
  hashes: Record<string, string>,
): Promise<ImageSet> {
  const files: NamedBytes[] = [];
  for (const file of entry[part]) files.push(await content(file));
  // The format is checked before the hash: "cut short by 12 bytes" helps more than "the hash differs".
  const set = checkImageSet(entry.decode(`${entry.name} ${part}`, files));
  for (const [index, file] of entry[part].entries()) {
    const { bytes, file: path } = files[index] ?? { bytes: new Uint8Array(0), file: file.name };
    hashes[file.name] = await contentHash(bytes, file, path, verify);
  }
  return set;
}

/** The archive, or where there is none the folder. Where there is neither, the error is about the archive. */
async function openEither(
  entry: FileDataset,
  archive: DataArchive,
  read: ReadFile,
  verify: boolean,
  hashes: Record<string, string>,
): Promise<Opened> {
  try {
    return await openArchive(entry, archive, await read(archive.name), verify, hashes);
  } catch (missing) {
    if (!isMissing(missing)) throw missing;
    const folder = openFolder(entry, read, verify);
    let found = false;
    return {
      verified: false,
      async content(file) {
        try {
          const content = await folder.content(file);
          found = true;
          return content;
        } catch (error) {
          throw isMissing(error) && !found ? missing : error;
        }
      },
    };
  }
}

function openFolder(entry: FileDataset, read: ReadFile, verify: boolean): Opened {
  return {
    verified: false,
    async content(file) {
      const path = `${entry.folder}/${file.name}.gz`;
      return { bytes: await decompress(await read(path), path, verify ? file.bytes : MAX_BYTES), file: path };
    },
  };
}

async function openArchive(
  entry: FileDataset,
  archive: DataArchive,
  bytes: Uint8Array,
  verify: boolean,
  hashes: Record<string, string>,
): Promise<Opened> {
  // What is published is the compressed archive. One that was decompressed has nothing to be compared with.
  const compressed = isGzip(bytes);
  if (compressed) hashes[archive.name] = await fileHash(bytes, archive, archive.name, verify);
  const files = [...entry.train, ...entry.test];
  const limit = files.reduce((sum, file) => sum + file.bytes, ARCHIVE_EXTRA);
  const entries = readTar(await decompress(bytes, archive.name, verify ? limit : MAX_BYTES), archive.name);
  return {
    verified: hashes[archive.name] === archive.sha256,
    content(file) {
      const name = `${entry.folder}/${file.name}`;
      const content = entries.get(name);
      if (!content)
        corrupt(
          archive.name,
          `expected an entry ${name}, found ${[...entries.keys()].slice(0, 8).join(', ')}`,
        );
      return Promise.resolve({ bytes: content, file: `${archive.name}: ${name}` });
    },
  };
}

// No file in the formats is expected above this; a compressed file that claims more is not decompressed.
const MAX_BYTES = 1 << 30;
// What an archive holds beside the files that are read: headers, a page, lists of names.
const ARCHIVE_EXTRA = 1 << 20;

/** The content of a file that is gzip, of at most `limit` bytes, or the file itself. */
export async function decompress(bytes: Uint8Array, file: string, limit: number): Promise<Uint8Array> {
  // No file of these formats begins as gzip does: IDX with a zero byte, CIFAR with a label, tar with a name.
  return isGzip(bytes) ? gunzip(bytes, file, limit) : bytes;
}

/**
 * The SHA-256 of decompressed content.
 * @throws `DATA_CORRUPT` when `verify` is set and its size, or its hash where one is published, is another.
 */
export async function contentHash(
  content: Uint8Array,
  expected: DataFile,
  file: string,
  verify = true,
): Promise<string> {
  return hashOf(content, expected, file, 'content', verify);
}

/** The SHA-256 of a file as it is. @throws as {@link contentHash}. */
export async function fileHash(
  bytes: Uint8Array,
  expected: DataArchive,
  file: string,
  verify = true,
): Promise<string> {
  return hashOf(bytes, expected, file, 'a file', verify);
}

async function hashOf(
  bytes: Uint8Array,
  expected: { readonly bytes: number; readonly sha256?: string },
  file: string,
  what: string,
  verify: boolean,
): Promise<string> {
  const found = await sha256(bytes);
  const missing = expected.bytes - bytes.length;
  const { sha256: published = found } = expected;
  if (verify && (missing !== 0 || found !== published))
    corrupt(
      file,
      `expected ${what} ` +
        (expected.sha256 === undefined ? `of ${expected.bytes} bytes` : `with sha256 ${expected.sha256}`) +
        `, found ${found} (${bytes.length} bytes, ` +
        (missing === 0 ? '' : missing > 0 ? `${missing} too few; ` : `${-missing} too many; `) +
        `${preview(bytes)})`,
    );
  return found;
}

function isMissing(error: unknown): boolean {
  return error instanceof LangevinError && error.code === 'DATA_MISSING';
}
