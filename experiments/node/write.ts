/** Files of a run, each whole or not there. */
import { fail } from '../../engine/graph/errors.ts';
import { systemCode } from '../../data/node/directory.ts';
import { nodeFileSystem, writeDurably } from '../../data/node/durable.ts';

/**
 * Replaces the file at `path` by `text` so that its name never stands for half of it.
 * @throws `RUN_WRITE` when the system refuses; what was there before stays.
 */
export async function writeRunFile(path: string, text: string): Promise<void> {
  try {
    await writeDurably(nodeFileSystem, path, new TextEncoder().encode(text));
  } catch (error) {
    fail(
      'RUN_WRITE',
      `${path}: cannot be written (${systemCode(error) ?? String(error)}); free space or choose another --out.`,
      { cause: error },
    );
  }
}
