/**
 * Data sets that are published as one archive of PNG pictures. The archive is fetched and checked as a file of its own, and converted
 * once, into files of CIFAR's binary format, so that training reads what it reads of CIFAR. Everything streams: memory holds a
 * picture at a time. A file gets its name when it is whole, so what is interrupted is started again from the archive, or without
 * one from the beginning. The archive is not needed afterwards.
 *
 * Archives list one class after the other. CIFAR's files are shuffled, and so are these, in one fixed order, since the first
 * examples of a set should be of all classes.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { fail } from '../../engine/graph/errors.ts';
import type { DataFile, FileDataset, PictureArchive } from '../catalogue.ts';
import { corrupt } from '../corrupt.ts';
import { permutation } from '../permutation.ts';
import { streamTar } from '../tar-stream.ts';
import { unnamedFile, type UnnamedFile } from './atomic.ts';
import { dataDirectory, systemCode } from './directory.ts';
import { fetchInto } from './fetch-file.ts';
import type { GetOptions, GotFile } from './get-types.ts';
import { makeDataFolder } from './make-folders.ts';
import { fromMirrors } from './mirrors.ts';
import { pngRecord, RECORD } from './png-record.ts';

/** What is converted: a data set of pictures. */
export type PictureSet = Pick<FileDataset, 'folder' | 'classes'> & { readonly pictures: PictureArchive };

/**
 * The converted files, made from the archive unless they are there; the archive is fetched unless it is.
 * @throws as `get`
 */
export async function getPictures(set: PictureSet, options: GetOptions): Promise<readonly GotFile[]> {
  const directory = dataDirectory(options.directory);
  const folder = join(directory, set.folder);
  makeDataFolder(directory);
  makeDataFolder(folder);
  const files = Object.values(set.pictures.files);
  let from = 'cache';
  if (!(await allThere(folder, files))) {
    from = await fetchArchive(directory, set.pictures, options);
    await convert(set, directory, options);
  }
  const got: GotFile[] = [];
  for (const { name } of files) {
    const path = join(folder, name);
    got.push({ path, sha256: await hashOf(path, 'sha256', options), from });
  }
  return got;
}

/** Whether every file is there in full. One of another size is put aside. */
async function allThere(folder: string, files: readonly DataFile[]): Promise<boolean> {
  let all = true;
  for (const { name, bytes } of files) {
    const path = join(folder, name);
    const found = await sizeOf(path);
    if (found !== undefined && found !== bytes) await rename(path, `${path}.bad`);
    all &&= found === bytes;
  }
  return all;
}

/** The archive below its name, and where it came from. */
async function fetchArchive(
  directory: string,
  archive: PictureArchive,
  options: GetOptions,
): Promise<string> {
  const { name, bytes: limit, md5 } = archive;
  const path = join(directory, name);
  if ((await sizeOf(path)) !== undefined) {
    if ((await hashOf(path, 'md5', options)) === md5) return 'cache';
    await rename(path, `${path}.bad`);
  }
  return fromMirrors(name, directory, options.mirrors ?? [], async (url) => {
    let file: UnnamedFile | undefined;
    try {
      return await fetchInto(
        url,
        limit,
        async () => {
          await file?.dispose();
          const own = (file = await unnamedFile(path));
          const hash = createHash('md5');
          return {
            async write(chunk) {
              hash.update(chunk);
              await own.write(chunk);
            },
            async end() {
              const found = hash.digest('hex');
              await own.nameIt(found === md5 ? path : `${path}.bad`);
              if (found !== md5) corrupt(url, `expected a file with md5 ${md5}, found ${found}`);
              return url;
            },
          };
        },
        options,
      );
    } finally {
      await file?.dispose();
    }
  });
}

/** One file that is being made. */
interface Part {
  readonly target: DataFile;
  readonly file: UnnamedFile;
  /** Where each picture goes, in the order of the archive. */
  readonly order: Int32Array;
  done: number;
}

async function convert(
  { folder, classes, pictures }: PictureSet,
  directory: string,
  options: GetOptions,
): Promise<void> {
  const record = await pngRecord();
  const parts = new Map<string, Part>();
  const split = (name: string): readonly string[] => /([^/]+)\/([^/]+)\/[^/.][^/]*\.png$/i.exec(name) ?? [];
  try {
    for (const [index, [name, target]] of Object.entries(pictures.files).entries())
      parts.set(name, {
        target,
        file: await unnamedFile(join(directory, folder, target.name)),
        order: permutation([0, index], target.bytes / RECORD),
        done: 0,
      });
    const entries = streamTar(
      decompressed(join(directory, pictures.name), pictures, options),
      pictures.name,
      {
        wanted: (name) => parts.has(split(name)[1] ?? ''),
        limit: MAX_PICTURE,
      },
    );
    for await (const { name, content } of entries) {
      const [, partName = '', className = ''] = split(name);
      const part = parts.get(partName) as Part;
      const label = classes.indexOf(className);
      if (label < 0) corrupt(pictures.name, `expected pictures of ${classes.join(', ')}, found ${name}`);
      const place = part.order[part.done++];
      if (place === undefined)
        corrupt(pictures.name, `expected ${part.order.length} pictures of ${partName}, found more`);
      await part.file.write(record(content, label, `${pictures.name}: ${name}`), place * RECORD);
    }
    for (const [name, { order, done }] of parts)
      if (done !== order.length)
        corrupt(pictures.name, `expected ${order.length} pictures of ${name}, found ${done}`);
    for (const { file, target } of parts.values()) await file.nameIt(join(directory, folder, target.name));
  } finally {
    for (const { file } of parts.values()) await file.dispose();
  }
}

/** Bytes of one PNG: a picture of 32x32 has some three thousand. */
const MAX_PICTURE = 1 << 16;

async function* decompressed(
  path: string,
  { name, bytes }: PictureArchive,
  options: GetOptions,
): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const running = pipeline(() => chunksOf(path, bytes, options, 'converted'), gunzip);
  // Its failure is also that of the loop below, which is where it is told.
  running.catch(() => undefined);
  try {
    for await (const chunk of gunzip) yield chunk as Uint8Array;
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
      corrupt(name, `expected a sound gzip file, found a damaged one (${error.message})`, error);
    throw error;
  } finally {
    gunzip.destroy();
  }
}

async function hashOf(path: string, algorithm: 'md5' | 'sha256', options: GetOptions): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of chunksOf(path, await sizeOf(path), options, 'checked')) hash.update(chunk);
  return hash.digest('hex');
}

/** A file in pieces, with progress, until it is stopped. @throws `DATA_UNREADABLE`, `DOWNLOAD_ABORTED` */
async function* chunksOf(
  path: string,
  total: number | undefined,
  { signal, onProgress }: GetOptions,
  doing: string,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
      received += (chunk as Uint8Array).length;
      onProgress?.({ url: `${path} (${doing})`, received, ...(total === undefined ? {} : { total }) });
      if (signal?.aborted)
        fail(
          'DOWNLOAD_ABORTED',
          `${path}: it was being ${doing} and was stopped; start it again at any time.`,
        );
      yield chunk as Uint8Array;
    }
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    fail('DATA_UNREADABLE', `${path}: cannot be read (${code}); check its permissions.`, { cause: error });
  }
}

/** Bytes of the file, undefined if there is none. @throws `DATA_CORRUPT` if something else is there */
async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (found && !found.isFile()) corrupt(path, 'expected a file, found something else');
  return found?.size;
}
