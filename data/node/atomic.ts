/** Writing a file of a data directory, whole or not at all. */
import { fail } from '../../engine/graph/errors.ts';
import { systemCode } from './directory.ts';
import { nodeFileSystem, writeDurably } from './durable.ts';

/**
 * Replaces the file at `path` by `bytes` so that its name never stands for half of them.
 * @throws `DATA_UNWRITABLE` when the system refuses; `path` is then untouched.
 */
export async function writeAtomic(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeDurably(nodeFileSystem, path, bytes);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    fail(
      'DATA_UNWRITABLE',
      `${path}: cannot be written (${code}); free space or choose another --data-dir.`,
      { cause: error },
    );
  }
}
