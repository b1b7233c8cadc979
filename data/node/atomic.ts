/** Writing a file so that its name never stands for half of it. */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../../engine/graph/errors.ts';
import { systemCode } from './directory.ts';

/**
 * Writes `bytes` to a temporary file beside `path` (a rename is atomic only within one file system), flushes
 * it to the disk, gives it its name, and flushes the directory, so that after a crash the name holds either
 * the old content or the new.
 * @throws `DATA_UNWRITABLE` when the system refuses; the temporary file is removed and `path` untouched.
 */
export async function writeAtomic(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.part-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    const code = systemCode(error);
    if (code)
      fail(
        'DATA_UNWRITABLE',
        `${path}: cannot be written (${code}); free space or choose another --data-dir.`,
        {
          cause: error,
        },
      );
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory; there the rename itself is as durable as it gets.
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
