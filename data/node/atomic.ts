/** Writing a file of a data directory, whole or not at all: from memory, or piece by piece where it is too large for that. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../../engine/graph/errors.ts';
import { systemCode } from './directory.ts';
import { nodeFileSystem, temporaryName, writeDurably } from './durable.ts';

/**
 * Replaces the file at `path` by `bytes` so that its name never stands for half of them.
 * @throws `DATA_UNWRITABLE` when the system refuses; `path` is then untouched.
 */
export async function writeAtomic(path: string, bytes: Uint8Array): Promise<void> {
  await writable(path, () => writeDurably(nodeFileSystem, path, bytes));
}

/** A file that has no name yet. Methods throw `DATA_UNWRITABLE` when the system refuses. */
export interface UnnamedFile {
  /** Writes at a position, or behind what was written last. */
  write(bytes: Uint8Array, position?: number): Promise<void>;
  /** Gives it a name, which stood for another file or none until then. */
  nameIt(path: string): Promise<void>;
  /** Takes it away unless it was named. To be called at the end in any case. */
  dispose(): Promise<void>;
}

/** A new file beside `path`. */
export async function unnamedFile(path: string): Promise<UnnamedFile> {
  const temporary = temporaryName(path);
  const file = await writable(path, () => open(temporary, 'wx'));
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= file.close());
  return {
    async write(bytes, position) {
      for (let done = 0; done < bytes.length;) {
        const at = position === undefined ? null : position + done;
        const { bytesWritten } = await writable(path, () => file.write(bytes, done, bytes.length - done, at));
        done += bytesWritten;
      }
    },
    async nameIt(name) {
      await writable(name, async () => {
        await file.sync();
        await close();
        await rename(temporary, name);
        await nodeFileSystem.flushDirectory(dirname(name));
      });
    },
    async dispose() {
      await close().catch(() => undefined);
      await rm(temporary, { force: true }).catch(() => undefined);
    },
  };
}

async function writable<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    return fail(
      'DATA_UNWRITABLE',
      `${path}: cannot be written (${code}); free space or choose another --data-dir.`,
      { cause: error },
    );
  }
}
