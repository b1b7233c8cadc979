/**
 * Fetching the data sets of the catalogue. A file is kept under its name only once it is known to be the published
 * one; what arrives and is not is kept as `.bad`, to look at, and the next mirror is tried. An archive is kept as it
 * is, and read as it is: nothing is unpacked.
 */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, LangevinError, nearest } from '../../engine/graph/errors.ts';
import { catalogue, type DataArchive, type DataFile, type FileDatasetName } from '../catalogue.ts';
import { contentHash, decompress, fileHash } from '../files.ts';
import { writeAtomic } from './atomic.ts';
import { dataDirectory, readIfPresent, systemCode } from './directory.ts';
import { fetchFile, type FetchOptions } from './fetch-file.ts';
import { makeFolders } from './make-folders.ts';

/** What {@link get} may be told, beside how to fetch. */
export interface GetOptions extends FetchOptions {
  /** Where to keep the data. Default: {@link dataDirectory}. */
  readonly directory?: string;
  /** Base addresses to try in order, each ending in `/`. Default: those of the catalogue. */
  readonly mirrors?: readonly string[];
}

/** A file that is in place and is the published one. */
export interface GotFile {
  readonly path: string;
  /** Of the decompressed content; of an archive, of the file itself. */
  readonly sha256: string;
  /** Where it came from: an address, or `cache` when it was there already. */
  readonly from: string;
}

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
  const { folder, train, test, archive, mirrors } = catalogue[name];
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
  makeFolder(folder);
  const got: GotFile[] = [];
  for (const download of downloads)
    got.push(
      (await fromCache(folder, download)) ??
        (await fromMirrors(folder, download, options.mirrors ?? [], options)),
    );
  return got;
}

function makeFolder(folder: string): void {
  try {
    makeFolders(folder);
  } catch (error) {
    fail(
      'DATA_UNWRITABLE',
      `${folder}: the directory cannot be made (${systemCode(error) ?? String(error)}); choose another --data-dir.`,
      { cause: error },
    );
  }
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

async function fromMirrors(
  folder: string,
  { name, limit, check }: Download,
  mirrors: readonly string[],
  options: FetchOptions,
): Promise<GotFile> {
  const path = join(folder, name);
  const failures: LangevinError[] = [];
  for (const mirror of mirrors) {
    const url = `${mirror}${name}`;
    try {
      const bytes = await fetchFile(url, limit, options);
      const sha256 = await check(bytes, url).catch(async (error: unknown) => {
        if (isCorrupt(error)) await writeAtomic(`${path}.bad`, bytes);
        throw error;
      });
      await writeAtomic(path, bytes);
      return { path, sha256, from: url };
    } catch (error) {
      const passable =
        isCorrupt(error) || (error instanceof LangevinError && error.code === 'DOWNLOAD_FAILED');
      if (!passable) throw error;
      failures.push(error);
    }
  }
  const code = failures.length > 0 && failures.every(isCorrupt) ? 'DATA_CORRUPT' : 'DOWNLOAD_FAILED';
  return fail(
    code,
    `${name} could not be fetched. ${failures.map((failure) => failure.message).join(' ')} ` +
      `Check the network, put the file into ${folder} by hand, or train on --data procedural.`,
    { cause: failures },
  );
}

function isCorrupt(error: unknown): error is LangevinError {
  return error instanceof LangevinError && error.code === 'DATA_CORRUPT';
}
