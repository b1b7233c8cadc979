/**
 * Fetching the data sets of the catalogue. A file is kept under its name only once its content has the
 * published hash; what arrives with another one is kept as `.bad`, to look at, and the next mirror is tried.
 */
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, LangevinError, nearest } from '../../engine/graph/errors.ts';
import { catalogue, type DataFile, type FileDatasetName } from '../catalogue.ts';
import { contentHash, decompress } from '../files.ts';
import { writeAtomic } from './atomic.ts';
import { dataDirectory, readIfPresent, systemCode } from './directory.ts';
import { fetchFile, type FetchOptions } from './fetch-file.ts';

/** What {@link get} may be told, beside how to fetch. */
export interface GetOptions extends FetchOptions {
  /** Where to keep the data. Default: {@link dataDirectory}. */
  readonly directory?: string;
  /** Base addresses to try in order, each ending in `/`. Default: those of the catalogue. */
  readonly mirrors?: readonly string[];
}

/** A file that is in place and has the published content. */
export interface GotFile {
  readonly path: string;
  /** Of the decompressed content. */
  readonly sha256: string;
  /** Where it came from: an address, or `cache` when it was there already. */
  readonly from: string;
}

/**
 * Fetches a data set of the catalogue into `<directory>/<name>/`. Files that are there and sound are kept, so
 * that without a network a complete directory is enough; files that are there and are not sound become `.bad`.
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
  const { files, mirrors } = catalogue[name];
  return getFiles(name, Object.values(files), { mirrors, ...options });
}

/** {@link get} for any list of files below `<directory>/<name>/`, whose mirrors must then be named. */
export async function getFiles(
  name: string,
  files: readonly DataFile[],
  options: GetOptions,
): Promise<readonly GotFile[]> {
  const folder = join(dataDirectory(options.directory), name);
  await makeFolder(folder);
  const got: GotFile[] = [];
  for (const file of files)
    got.push(
      (await fromCache(folder, file)) ?? (await fromMirrors(folder, file, options.mirrors ?? [], options)),
    );
  return got;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    fail(
      'DATA_UNWRITABLE',
      `${folder}: the directory cannot be made (${systemCode(error) ?? String(error)}); choose another --data-dir.`,
      { cause: error },
    );
  }
}

async function fromCache(folder: string, file: DataFile): Promise<GotFile | undefined> {
  for (const path of [join(folder, `${file.name}.gz`), join(folder, file.name)]) {
    const bytes = await readIfPresent(path);
    if (!bytes) continue;
    try {
      return { path, sha256: await check(bytes, file, path), from: 'cache' };
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      await rename(path, `${path}.bad`);
    }
  }
  return undefined;
}

async function fromMirrors(
  folder: string,
  file: DataFile,
  mirrors: readonly string[],
  options: FetchOptions,
): Promise<GotFile> {
  const path = join(folder, `${file.name}.gz`);
  const failures: LangevinError[] = [];
  for (const mirror of mirrors) {
    const url = `${mirror}${file.name}.gz`;
    try {
      // gzip adds a few bytes to what it cannot compress, never as many as these.
      const bytes = await fetchFile(url, file.bytes + 0x10000, options);
      const sha256 = await check(bytes, file, url).catch(async (error: unknown) => {
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
    `${file.name}.gz could not be fetched. ${failures.map((failure) => failure.message).join(' ')} ` +
      `Check the network, put the file into ${folder} by hand, or train on --data procedural.`,
    { cause: failures },
  );
}

/** The hash of sound content. @throws `DATA_CORRUPT`. */
async function check(bytes: Uint8Array, file: DataFile, from: string): Promise<string> {
  return contentHash(await decompress(bytes, from, file.bytes), file, from);
}

function isCorrupt(error: unknown): error is LangevinError {
  return error instanceof LangevinError && error.code === 'DATA_CORRUPT';
}
