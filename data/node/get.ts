/**
 * Fetching the data sets of the catalogue. A file is kept under its name only once it is known to be the published
 * one; what arrives and is not is kept as `.bad`, to look at, and the next mirror is tried. An archive is kept as it
 * is, and read as it is: nothing is unpacked, but for pictures, which are converted (`pictures.ts`).
 */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, nearest } from '../../engine/graph/errors.ts';
import { catalogue, type DataArchive, type DataFile, type FileDatasetName } from '../catalogue.ts';
import { contentHash, decompress, fileHash } from '../files.ts';
import { writeAtomic } from './atomic.ts';
import { dataDirectory, readIfPresent } from './directory.ts';
import { fetchFile } from './fetch-file.ts';
import type { GetOptions, GotFile } from './get-types.ts';
import { makeDataFolder } from './make-folders.ts';
import { fromMirrors, isCorrupt } from './mirrors.ts';
import { getPictures } from './pictures.ts';

export type { GetOptions, GotFile } from './get-types.ts';

/** One file as it is served, and how to know it. */
interface Download {
  /** What it is called on the server and in the folder. */
  readonly name: string;
  /** Under which names it is as good, the one above first. */
  readonly accepted: readonly string[];
  /** The most bytes it may have. */
  readonly limit: number;
  /** The hash of sound bytes. @throws `DATA_CORRUPT` */
  readonly check: (bytes: Uint8Array, from: string) => Promise<string>;
}

/**
 * Fetches a data set of the catalogue into the data directory. Files that are there and sound are kept, so that
 * without a network a complete directory is enough; files that are there and are not sound become `.bad`.
 * @throws `DOWNLOAD_FAILED` when no mirror gives a file, `DATA_CORRUPT` when every mirror gives a wrong one,
 *   `DATA_UNKNOWN`, `DATA_UNWRITABLE`, `DOWNLOAD_ABORTED`.
 */
export async function get(name: FileDatasetName, options: GetOptions = {}): Promise<readonly GotFile[]> {
  if (!Object.hasOwn(catalogue, name)) {
    const names = Object.keys(catalogue);
    const guess = nearest(name, names);
    fail(
      'DATA_UNKNOWN',
      `get: there is no data set ${JSON.stringify(name)} to fetch; ` +
        (guess ? `did you mean ${guess}?` : `take one of ${names.join(', ')}.`),
    );
  }
  const { folder, classes, train, test, archive, pictures, mirrors } = catalogue[name];
  if (pictures) return getPictures({ folder, classes, pictures }, { mirrors, ...options });
  return archive
    ? getArchive(archive, { mirrors, ...options })
    : getFiles(folder, [...train, ...test], { mirrors, ...options });
}

/** {@link get} for any list of files below `<directory>/<folder>/`, whose mirrors must then be named. */
export async function getFiles(
  folder: string,
  files: readonly DataFile[],
  options: GetOptions,
): Promise<readonly GotFile[]> {
  const downloads = files.map((file): Download => ({
    name: `${file.name}.gz`,
    accepted: [`${file.name}.gz`, file.name],
    // gzip adds a few bytes to what it cannot compress, never as many as these.
    limit: file.bytes + 0x10000,
    check: async (bytes, from) => contentHash(await decompress(bytes, from, file.bytes), file, from),
  }));
  return getAll(join(dataDirectory(options.directory), folder), downloads, options);
}

/** {@link get} for any archive, into the data directory itself. */
export async function getArchive(archive: DataArchive, options: GetOptions): Promise<readonly GotFile[]> {
  const download: Download = {
    name: archive.name,
    accepted: [archive.name],
    limit: archive.bytes,
    check: (bytes, from) => fileHash(bytes, archive, from),
  };
  return getAll(dataDirectory(options.directory), [download], options);
}

async function getAll(
  folder: string,
  downloads: readonly Download[],
  options: GetOptions,
): Promise<readonly GotFile[]> {
  makeDataFolder(folder);
  const got: GotFile[] = [];
  for (const download of downloads)
    got.push((await fromCache(folder, download)) ?? (await fetchOne(folder, download, options)));
  return got;
}

async function fromCache(folder: string, { accepted, check }: Download): Promise<GotFile | undefined> {
  for (const path of accepted.map((name) => join(folder, name))) {
    const bytes = await readIfPresent(path);
    if (!bytes) continue;
    try {
      return { path, sha256: await check(bytes, path), from: 'cache' };
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      await rename(path, `${path}.bad`);
    }
  }
  return undefined;
}

async function fetchOne(
  folder: string,
  { name, limit, check }: Download,
  options: GetOptions,
): Promise<GotFile> {
  const path = join(folder, name);
  return fromMirrors(name, folder, options.mirrors ?? [], async (url) => {
    const bytes = await fetchFile(url, limit, options);
    const sha256 = await check(bytes, url).catch(async (error: unknown) => {
      if (isCorrupt(error)) await writeAtomic(`${path}.bad`, bytes);
      throw error;
    });
    await writeAtomic(path, bytes);
    return { path, sha256, from: url };
  });
}
