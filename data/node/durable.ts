/**
 * Writing a file so that it is on the disk, whole and as meant, before its name stands for it: a temporary file in the
 * same directory (a rename is atomic only within one file system), flushed, read again and compared, renamed, and the
 * directory flushed. After a crash at any point the name holds the old content or the new. The file system is an
 * argument, so that tests can let every single call of it fail.
 */
import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/** The calls that a checkpoint is made of. */
export interface FileSystem {
  /** The names in a directory. */
  list(directory: string): Promise<readonly string[]>;
  read(path: string): Promise<Uint8Array>;
  /** A new file; one that is there is an error. */
  create(path: string): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  /** No error if it is not there. */
  remove(path: string): Promise<void>;
  /** Makes the names in a directory durable. */
  flushDirectory(path: string): Promise<void>;
}

/** A file that is being written. */
export interface OpenFile {
  /** Resolves to the number of bytes that were taken, which may be fewer. */
  write(bytes: Uint8Array): Promise<number>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** The file system of this machine. */
export const nodeFileSystem: FileSystem = {
  list: (directory) => readdir(directory),
  read: (path) => readFile(path),
  async create(path) {
    const file = await open(path, 'wx');
    return {
      write: async (bytes) => (await file.write(bytes)).bytesWritten,
      flush: () => file.sync(),
      close: () => file.close(),
    };
  },
  rename,
  remove: (path) => rm(path, { force: true }),
  async flushDirectory(path) {
    // Windows cannot open a directory; there the rename itself is as durable as it gets.
    if (process.platform === 'win32') return;
    const directory = await open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
};

/** A name beside `path` for what is being written to it. */
export function temporaryName(path: string): string {
  return `${path}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
}

const TEMPORARY = /\.tmp-\d+-[0-9a-f]{8}$/;

/** Whether a name is that of a temporary file, left behind by a crash if nobody is writing. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/**
 * Replaces the file at `path` by `bytes`. On an error the temporary file is removed, and what `path` stood for before
 * still is there, or already the whole of `bytes`.
 * @throws what the file system throws, or an Error if other bytes are read than were written
 */
export async function writeDurably(files: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryName(path);
  try {
    const file = await files.create(temporary);
    try {
      for (let done = 0; done < bytes.length;) {
        const taken = await file.write(bytes.subarray(done));
        if (taken <= 0) throw new Error(`no more than ${done} of ${bytes.length} bytes were taken`);
        done += taken;
      }
      await file.flush();
    } finally {
      await file.close();
    }
    const written = await files.read(temporary);
    if (Buffer.compare(written, bytes) !== 0)
      throw new Error(`${basename(temporary)} does not hold what was written to it`);
    await files.rename(temporary, path);
  } catch (error) {
    // The first error is the one to tell.
    await files.remove(temporary).catch(() => undefined);
    throw error;
  }
  await files.flushDirectory(dirname(path));
}
