/** The directory that holds data sets on this machine, and reading from it. */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fail } from '../../engine/graph/errors.ts';
import { datasetOf } from '../catalogue.ts';
import type { ReadFile } from '../files.ts';

/**
 * Where data sets are kept: `chosen` when given, else the environment's LANGEVIN_DATA, else the platform's
 * cache directory for the user.
 */
export function dataDirectory(chosen?: string, environment: NodeJS.ProcessEnv = process.env): string {
  const named = chosen ?? environment['LANGEVIN_DATA'];
  if (named) return resolve(named);
  if (process.platform === 'win32')
    return join(environment['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'langevin');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'langevin');
  return join(environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'langevin');
}

/**
 * A reader of the files below `directory`, with or without their `.gz`.
 * The reader throws `DATA_MISSING` when neither is there, `DATA_CORRUPT` when something else stands in the
 * file's place (a directory, a link that leads to itself), `DATA_UNREADABLE` when the system refuses.
 */
export function directoryReader(directory: string): ReadFile {
  return async (path) => {
    const compressed = join(directory, path);
    const plain = compressed.replace(/\.gz$/, '');
    const bytes = (await readIfPresent(compressed)) ?? (await readIfPresent(plain));
    if (bytes) return bytes;
    const name = datasetOf(path)?.name;
    return fail(
      'DATA_MISSING',
      `There is neither ${compressed} nor the same without .gz; ` +
        (name ? `fetch it with: langevin data get ${name}, ` : '') +
        'name another directory with --data-dir or LANGEVIN_DATA, or train on --data procedural.',
    );
  };
}

/** The content of the file at `path`, or undefined when nothing is there. */
export async function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    // Asked first, because reading a pipe or a device would wait for ever.
    const found = await stat(path);
    if (!found.isFile())
      return fail(
        'DATA_CORRUPT',
        `${path}: expected a file, found ${found.isDirectory() ? 'a directory' : 'something else'}; move it away.`,
      );
    return await readFile(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === 'ELOOP')
      return fail(
        'DATA_CORRUPT',
        `${path}: expected a file, found a symbolic link that leads to itself; remove it.`,
        {
          cause: error,
        },
      );
    if (code)
      return fail('DATA_UNREADABLE', `${path}: cannot be read (${code}); check its permissions.`, {
        cause: error,
      });
    throw error;
  }
}

/** The system's name of an input or output error, `ENOENT` and the like, or undefined for another error. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined;
}
