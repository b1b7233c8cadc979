/**
 * The directory of one run:
 *
 *   manifest.json   what was run, on what, with which data and versions, and how it ended
 *   metrics.jsonl   every record, a line each, as it was measured
 *   report.html     and its figures *.svg, drawn from the two above
 *   lock.json       while a process writes here
 */
import { closeSync, fsyncSync, openSync, readdirSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { systemCode } from '../../data/node/directory.ts';
import { fail } from '../../engine/graph/errors.ts';
import { encodeLine, RESERVED_FIELDS } from '../json-lines.ts';
import type { Manifest, RunRecord } from '../types.ts';
import { lockDirectory } from './lock.ts';
import { makeRunDirectory, type RunPlace } from './make-directory.ts';
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

/**
 * Makes and locks a directory.
 * @throws `OUT_EXISTS`, `RUN_LOCKED`, `OUT_UNWRITABLE`.
 */
export function createRunDirectory(place: RunPlace): RunDirectory {
  const { path, made } = makeRunDirectory(place);
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
