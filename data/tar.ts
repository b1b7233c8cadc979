/**
 * Reader of tar archives (POSIX.1-1988 "ustar", and what GNU tar and the seventh edition of Unix write): 512-byte
 * headers, each followed by the content of its entry padded to whole blocks, then blocks of zeros.
 *
 * It exists because the core of data/ runs in browsers and depends on nothing, and because the little it has to
 * do is best kept little: the archives of CIFAR hold a folder of regular files, so regular files and folders are
 * all it accepts. Nothing is written anywhere: the content of an entry is a view of the archive, and its name is
 * the key of a map. An entry that would matter to a program that does write (a link, a device, an absolute
 * name, a name with `..`) is refused all the same, because no archive of a data set has a reason to hold one.
 */
import { corrupt, preview } from './corrupt.ts';
import { BLOCK, checkExtension, fileKey, isExtension, isZero, paddedSize, readHeader } from './tar-header.ts';

const MAX_ENTRIES = 1000; // CIFAR's archives have fewer than ten

/** The regular files of an archive, by name. */
export type TarFiles = ReadonlyMap<string, Uint8Array>;

/**
 * Reads a decompressed archive. `file` is the name that errors show. The contents are views of `bytes`.
 * @throws `DATA_CORRUPT` when the archive is cut short, a checksum is wrong, an entry is neither a regular file
 *   nor a folder, a name is absolute, leaves the archive or comes twice, or there are too many entries.
 */
export function readTar(bytes: Uint8Array, file: string): TarFiles {
  if (bytes.length === 0) corrupt(file, 'expected a tar archive, found an empty file');
  const files = new Map<string, Uint8Array>();
  let entries = 0;
  let at = 0;
  for (;;) {
    if (at + BLOCK > bytes.length)
      corrupt(
        file,
        `expected a header or the end mark of a tar archive at byte ${at}, found the end of the file ` +
          `(${bytes.length} bytes; ${preview(bytes)})`,
      );
    const block = bytes.subarray(at, at + BLOCK);
    if (isZero(block)) break;
    if (++entries > MAX_ENTRIES) corrupt(file, `expected at most ${MAX_ENTRIES} entries, found more`);
    const header = readHeader(block, file, at);
    const { name, size } = header;
    const start = at + BLOCK;
    // Compared before anything is added to it: a size may be as large as the format can say.
    if (size > bytes.length - start)
      corrupt(
        file,
        `expected ${size} bytes of ${JSON.stringify(name)}, found ${bytes.length - start}, so the archive is cut short`,
      );
    const content = bytes.subarray(start, start + size);
    at = start + paddedSize(size);
    if (isExtension(header)) {
      checkExtension(content, file);
      continue;
    }
    const key = fileKey(header, file);
    if (key === undefined) continue;
    if (files.has(key)) corrupt(file, `expected each name once, found ${JSON.stringify(key)} twice`);
    files.set(key, content);
  }
  if (!isZero(bytes.subarray(at))) corrupt(file, 'expected nothing after the end mark, found bytes');
  return files;
}
