/** Files of a run, each whole or not there. */
import { LangevinError, fail } from '../../engine/graph/errors.ts';
import { writeAtomic } from '../../data/node/atomic.ts';
import { systemCode } from '../../data/node/directory.ts';

/**
 * Replaces the file at `path` by `text` so that its name never stands for half of it.
 * @throws `RUN_WRITE` when the system refuses; what was there before stays.
 */
export async function writeRunFile(path: string, text: string): Promise<void> {
  try {
    await writeAtomic(path, new TextEncoder().encode(text));
  } catch (error) {
    const cause = error instanceof LangevinError ? error.cause : error;
    fail(
      'RUN_WRITE',
      `${path}: cannot be written (${systemCode(cause) ?? String(cause)}); free space or choose another --out.`,
      {
        cause,
      },
    );
  }
}
