/**
 * One process writes a run directory at a time. The lock is a file that names the process; it appears with its content,
 * by a link, and it is also the probe that the directory can be written at all. A process that died left its file
 * behind: on the same machine that can be seen, and the lock is taken over, by whoever moves it away first.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fail } from '../../engine/graph/errors.ts';
import { systemCode } from '../../data/node/directory.ts';

/** The name of the lock in a run directory. */
export const LOCK = 'lock.json';

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** When the process began, as the system counts, where that can be known: numbers are given out again. */
  readonly started?: string;
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
    const text = textOf(path);
    const owner = livingOwner(text);
    if (owner) refuse(directory, owner);
    if (!takeAway(path, text) || !create(path))
      refuse(directory, lockOwner(directory) ?? { pid: 0, host: hostname() });
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
  return livingOwner(textOf(join(directory, LOCK)));
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function livingOwner(text: string | undefined): Owner | undefined {
  let owner: Partial<Owner> | null;
  try {
    owner = JSON.parse(text ?? '') as Partial<Owner> | null;
  } catch {
    // Not there, or cut short by a crash between its creation and its first byte.
    return undefined;
  }
  const { pid, host, started } = owner ?? {};
  if (typeof pid !== 'number' || typeof host !== 'string') return undefined;
  return host === hostname() && !isAlive(pid, started) ? undefined : { pid, host };
}

/**
 * Moves the lock of a dead process away. Only one of several processes can; and if another was quicker and what was
 * moved is its new lock, it gets that back.
 */
function takeAway(path: string, text: string | undefined): boolean {
  if (text === undefined) return true;
  const aside = besides(path);
  try {
    renameSync(path, aside);
    if (textOf(aside) === text) return true;
    linkSync(aside, path);
    return false;
  } catch {
    return false;
  } finally {
    rmSync(aside, { force: true });
  }
}

function besides(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
}

/** Whether the lock could be made; false if there is one. */
function create(path: string): boolean {
  const started = beginning('self');
  const owner: Owner = { pid: process.pid, host: hostname(), ...(started === undefined ? {} : { started }) };
  const text = `${JSON.stringify(owner)}\n`;
  const draft = besides(path);
  writeNew(draft, text);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    // Some file systems have no links: there the file is made first and filled after.
    return systemCode(error) !== 'EEXIST' && writeNew(path, text);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Writes a file that is not there yet; false if it is. */
function writeNew(path: string, text: string): boolean {
  let file: number | undefined;
  try {
    file = openSync(path, 'wx');
    writeSync(file, text);
    fsyncSync(file);
    return true;
  } catch (error) {
    if (file === undefined && systemCode(error) === 'EEXIST') return false;
    if (file !== undefined) rmSync(path, { force: true });
    return fail(
      'OUT_UNWRITABLE',
      `${path}: cannot be written (${systemCode(error) ?? String(error)}); free space, or choose another directory with --out.`,
      { cause: error },
    );
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function isAlive(pid: number, started: string | undefined): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) !== 'EPERM') return false;
  }
  const now = beginning(String(pid));
  return now !== 'ended' && (now === undefined || started === undefined || now === started);
}

/**
 * Which start of the machine, and when after it the process began; of a process that has ended and only waits to be
 * noticed, that it has. Undefined where the system does not say (anywhere but on Linux).
 */
function beginning(pid: string): string | undefined {
  const status = textOf(`/proc/${pid}/stat`);
  const boot = textOf('/proc/sys/kernel/random/boot_id');
  if (status === undefined || boot === undefined) return undefined;
  // proc(5): after the name in parentheses, which may hold anything, the state is field 3 and the start is field 22.
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? 'ended' : `${boot.trim()} ${fields[19]}`;
}

function refuse(directory: string, { pid, host }: Owner): never {
  return fail(
    'RUN_LOCKED',
    `${directory} is being written by process ${pid} on ${host}; wait for its end, or choose another directory with --out.`,
  );
}
