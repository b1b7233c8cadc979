/**
 * The directory of one run:
 *
 *   manifest.json   what was run, on what, with which data and versions, and how it ended
 *   metrics.jsonl   every record, a line each, as it was measured
 *   report.html     and its figures *.svg, drawn from the two above
 *   lock.json       while a process writes here
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fail } from '../../engine/graph/errors.ts';
import { encodeLine, RESERVED_FIELDS } from '../json-lines.ts';
import type { Manifest, RunRecord } from '../types.ts';
import { LOCK, lockDirectory, lockOwner } from './lock.ts';
import { systemCode } from '../../data/node/directory.ts';
import { writeRunFile } from './write.ts';

export const MANIFEST = 'manifest.json';
export const METRICS = 'metrics.jsonl';
export const REPORT = 'report.html';

/** A run directory that this process writes. */
export interface RunDirectory {
  readonly path: string;
  /** The name of the run: the last part of the path. */
  readonly run: string;
  /** Replaces manifest.json, whole or not at all. */
  writeManifest(manifest: Manifest): Promise<void>;
  /** Adds one line to metrics.jsonl, in one write. */
  append(record: RunRecord): void;
  /** Flushes the records to the disk. */
  flush(): void;
  /** Removes what was written. */
  discard(): void;
  /** Gives the directory free; one that holds nothing yet is removed. */
  close(): void;
}

/** Which run a directory is for, and where it goes. */
export interface RunPlace {
  readonly experiment: string;
  readonly preset: string;
  readonly seed: number;
  /** A directory that does not exist or is empty. Default: the first free `runs/<experiment>-<preset>-<seed>-<n>`. */
  readonly out?: string;
}

/**
 * Makes and locks a directory.
 * @throws `OUT_EXISTS`, `RUN_LOCKED`, `OUT_UNWRITABLE`.
 */
export function createRunDirectory(place: RunPlace): RunDirectory {
  const { path, made } =
    place.out === undefined ? { path: makeNumbered(place), made: true } : makeNamed(resolve(place.out));
  const lock = lockDirectory(path);
  const run = basename(path);
  const started = performance.now();
  let file: number | undefined;

  const metrics = (): number => (file ??= openSync(join(path, METRICS), 'a'));
  return {
    path,
    run,
    writeManifest: (manifest) => writeRunFile(join(path, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`),
    append(record) {
      const field = RESERVED_FIELDS.find((name) => name in record);
      if (field !== undefined)
        fail(
          'RECORD',
          `The record '${record.name}' has a field '${field}', which the log writes itself: rename it.`,
        );
      const t = Math.round(performance.now() - started) / 1000;
      writeAll(metrics(), encodeLine({ v: 1, run, attempt: 0, t }, record), join(path, METRICS));
    },
    flush() {
      orRefuse(join(path, METRICS), () => fsyncSync(metrics()));
    },
    discard() {
      for (const name of [MANIFEST, METRICS]) rmSync(join(path, name), { force: true });
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
      lock.release();
      // Nothing was recorded: the directory would only be in the way of the next attempt.
      if (made && readdirSync(path).length === 0) rmdirSync(path);
    },
  };
}

/** The kernel may take less than the whole line. */
function writeAll(file: number, line: string, path: string): void {
  const bytes = Buffer.from(line);
  orRefuse(path, () => {
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
  });
}

function orRefuse(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    fail(
      'RUN_WRITE',
      `${path}: cannot be written (${systemCode(error) ?? String(error)}); free space and run again.`,
      { cause: error },
    );
  }
}

/** mkdir fails on what is there, so two processes that start together get two numbers. */
function makeNumbered({ experiment, preset, seed }: RunPlace): string {
  const folder = resolve('runs');
  make(folder, true);
  for (let n = 1; ; n++) {
    const path = join(folder, `${experiment}-${preset}-${seed}-${n}`);
    if (!existsSync(path) && make(path, false)) return path;
  }
}

function makeNamed(path: string): { readonly path: string; readonly made: boolean } {
  const made = !existsSync(path);
  make(path, true);
  let entries: string[];
  try {
    entries = readdirSync(path);
  } catch (error) {
    return unwritable(path, error);
  }
  const owner = lockOwner(path);
  const others = entries.filter((entry) => entry !== LOCK);
  if (others.length > 0 && !owner)
    fail(
      'OUT_EXISTS',
      `${path} exists and is not empty (${others.slice(0, 3).join(', ')}${others.length > 3 ? ', …' : ''}); ` +
        'choose another directory with --out, or leave --out away for a new one.',
    );
  return { path, made };
}

/** Whether the directory was made. With `existing` one that is there is as good. */
function make(path: string, existing: boolean): boolean {
  try {
    mkdirSync(path, { recursive: existing });
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST' && !existing) return false;
    if (code === 'EEXIST')
      fail('OUT_EXISTS', `${path} is a file; choose another directory with --out.`, { cause: error });
    return unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): never {
  return fail(
    'OUT_UNWRITABLE',
    `${path}: the directory cannot be made (${systemCode(error) ?? String(error)}); choose another with --out.`,
    { cause: error },
  );
}
