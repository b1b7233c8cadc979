/** Making a folder with the folders above it. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../../engine/graph/errors.ts';
import { systemCode } from './directory.ts';

/**
 * Makes `path` and what is missing above it; a folder that is there is as good.
 *
 * Not `mkdir` with `recursive`: below a folder in which the system answers ENOENT to the making of any other, as
 * /proc does, Node's never ends.
 * @returns whether `path` was not there before
 * @throws the system's error; EEXIST when something else than a folder is in the way
 */
export function makeFolders(path: string): boolean {
  const above = dirname(path);
  if (above !== path && !existsSync(path) && !existsSync(above)) makeFolders(above);
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    // Some systems name another reason first, such as EISDIR or EROFS for a folder that is there.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return false;
    throw error;
  }
}

/** {@link makeFolders} for data. @throws `DATA_UNWRITABLE` */
export function makeDataFolder(path: string): void {
  try {
    makeFolders(path);
  } catch (error) {
    fail(
      'DATA_UNWRITABLE',
      `${path}: the directory cannot be made (${systemCode(error) ?? String(error)}); choose another --data-dir.`,
      { cause: error },
    );
  }
}
