/** Making the directory of a run: a new one, or an empty one that is there. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemCode } from '../../data/node/directory.ts';
import { makeFolders } from '../../data/node/make-folders.ts';
import { fail } from '../../engine/graph/errors.ts';
import { LOCK, lockOwner } from './lock.ts';

/** Which run a directory is for, and where it goes. */
export interface RunPlace {
  readonly experiment: string;
  readonly preset: string;
  readonly seed: number;
  /** A directory that does not exist or is empty. Default: the first free `runs/<experiment>-<preset>-<seed>-<n>`, with hyphens for slashes. */
  readonly out?: string;
}

/** A directory, and whether it was not there before. */
export interface MadeDirectory {
  readonly path: string;
  readonly made: boolean;
}

/** @throws `OUT_EXISTS`, `OUT_UNWRITABLE` */
export function makeRunDirectory({ experiment, preset, seed, out }: RunPlace): MadeDirectory {
  if (out !== undefined) return makeNamed(resolve(out));
  const folder = resolve('runs');
  makeDirectory(folder);
  for (let n = 1; ; n++) {
    const path = join(folder, `${experiment.replaceAll('/', '-')}-${preset}-${seed}-${n}`);
    // mkdir fails on what is there, so two processes that start together get two numbers.
    if (!existsSync(path) && mkdirUnlessThere(path)) return { path, made: true };
  }
}

/**
 * Makes `path` and what is missing above it; one that is there is as good.
 * @throws `OUT_EXISTS` when a file is in the way, `OUT_UNWRITABLE`
 */
export function makeDirectory(path: string): void {
  try {
    makeFolders(path);
  } catch (error) {
    if (existsSync(path)) fail('OUT_EXISTS', `${path} is a file; choose another directory with --out.`);
    // It is the first folder on the way that cannot be made that has something to say.
    unwritable((error as NodeJS.ErrnoException).path ?? path, error);
  }
}

function makeNamed(path: string): MadeDirectory {
  const made = !existsSync(path);
  makeDirectory(path);
  const others = entriesOf(path).filter((entry) => entry !== LOCK);
  // A lock that someone holds is the better answer, and comes next.
  if (others.length > 0 && !lockOwner(path))
    fail(
      'OUT_EXISTS',
      `${path} exists and is not empty (${others.slice(0, 3).join(', ')}${others.length > 3 ? ', …' : ''}); ` +
        'choose another directory with --out, or leave --out away for a new one.',
    );
  return { path, made };
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    return unwritable(path, error);
  }
}

/** Whether `path` was made; false when something is there. */
function mkdirUnlessThere(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    // Some systems name another reason first, such as EISDIR or EROFS for what is there.
    return existsSync(path) ? false : unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): never {
  return fail(
    'OUT_UNWRITABLE',
    `${path}: the directory cannot be made (${systemCode(error) ?? String(error)}); choose another with --out.`,
    { cause: error },
  );
}
