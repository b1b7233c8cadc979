/**
 * One process writes a run directory at a time. The lock is a file that names the process; creating it is atomic, and
 * it is also the probe that the directory can be written at all. A process that died left its file behind: on the same
 * machine that can be seen, and the lock is taken over.
 */
import { closeSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fail } from '../../engine/graph/errors.ts';
import { systemCode } from '../../data/node/directory.ts';

/** The name of the lock in a run directory. */
export const LOCK = 'lock.json';

interface Owner {
  readonly pid: number;
  readonly host: string;
}

export interface Lock {
  /** Whether a lock of a process that is gone was taken over. */
  readonly tookOver: boolean;
  /** Gives the directory free. Safe to call again, and in an `exit` handler. */
  release(): void;
}

/**
 * Locks `directory` for this process.
 * @throws `RUN_LOCKED` naming the process that has it, `OUT_UNWRITABLE` when no file can be made there.
 */
export function lockDirectory(directory: string): Lock {
  const path = join(directory, LOCK);
  const free = create(path);
  if (!free) {
    const owner = lockOwner(directory);
    if (owner) refuse(directory, owner);
    // Between reading and removing, another process may do the same; the creation then decides.
    rmSync(path, { force: true });
    if (!create(path)) refuse(directory, lockOwner(directory) ?? { pid: 0, host: hostname() });
  }
  let held = true;
  const release = (): void => {
    if (!held) return;
    held = false;
    process.off('exit', release);
    rmSync(path, { force: true });
  };
  process.on('exit', release);
  return { tookOver: !free, release };
}

/** The living process that has `directory` locked, or undefined. A process on another machine counts as living. */
export function lockOwner(directory: string): Owner | undefined {
  let owner: Partial<Owner>;
  try {
    owner = JSON.parse(readFileSync(join(directory, LOCK), 'utf8')) as Partial<Owner>;
  } catch {
    // Not there, or cut short by a crash between its creation and its first byte.
    return undefined;
  }
  const { pid, host } = owner;
  if (typeof pid !== 'number' || typeof host !== 'string') return undefined;
  return host === hostname() && !isAlive(pid) ? undefined : { pid, host };
}

function create(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'wx');
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    return fail(
      'OUT_UNWRITABLE',
      `${path}: cannot be written (${systemCode(error) ?? String(error)}); choose another directory with --out.`,
      { cause: error },
    );
  }
  try {
    writeSync(file, `${JSON.stringify({ pid: process.pid, host: hostname() } satisfies Owner)}\n`);
    fsyncSync(file);
  } catch (error) {
    rmSync(path, { force: true });
    fail(
      'OUT_UNWRITABLE',
      `${path}: cannot be written (${systemCode(error) ?? String(error)}); free space.`,
      {
        cause: error,
      },
    );
  } finally {
    closeSync(file);
  }
  return true;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

function refuse(directory: string, { pid, host }: Owner): never {
  return fail(
    'RUN_LOCKED',
    `${directory} is being written by process ${pid} on ${host}; wait for its end, or choose another directory with --out.`,
  );
}
