/**
 * The log of one cell, through all attempts to train it. Nothing in it is ever changed or removed: an attempt that goes
 * on from a checkpoint adds a line saying how many of the records before it still count, and whoever reads the log
 * leaves out the others, which the attempt makes again. So the file tells what really happened, and what is read is
 * what an uninterrupted training would have written.
 *
 * Lines of the runner itself are events whose names begin with `cell/`; they are not among the records.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../data/node/directory.ts';
import { fail } from '../../engine/graph/errors.ts';
import { decodeLines, encodeLine, RESERVED_FIELDS } from '../json-lines.ts';
import type { RunRecord } from '../types.ts';
import type { CheckpointLog } from './checkpoints.ts';
import { METRICS } from './run-directory.ts';

const OWN = 'cell/';
const RESUMED = `${OWN}resumed`;
const NOTE = `${OWN}note`;

/** What a cell's log holds. */
export interface CellLogContent {
  /** The records that count, in order. */
  readonly records: readonly RunRecord[];
  /** The same with undefined for a line that cannot be read, so that positions are those of the writer. */
  readonly positions: readonly (RunRecord | undefined)[];
  /** Sentences about checkpoints that were set aside, and the like. */
  readonly notes: readonly string[];
  /** Lines, among those that count, that cannot be read. */
  readonly unreadable: number;
  /** Whether the text ends within a line, as it does after a crash. */
  readonly cut: boolean;
}

/** The content of the log in `directory`; empty if there is none. */
export function readCellLog(directory: string): CellLogContent {
  const path = join(directory, METRICS);
  if (!existsSync(path)) return { records: [], positions: [], notes: [], unreadable: 0, cut: false };
  const text = readFileSync(path, 'utf8');
  const cut = text !== '' && !text.endsWith('\n');
  const positions: (RunRecord | undefined)[] = [];
  const notes: string[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const record = decodeLines(`${line}\n`).records[0];
    if (record?.name === RESUMED) positions.length = Math.min(positions.length, Number(record['keep']) || 0);
    else if (record?.name === NOTE) notes.push(typeof record['text'] === 'string' ? record['text'] : '');
    else positions.push(record);
  }
  const records = positions.filter((record) => record !== undefined);
  return { records, positions, notes, unreadable: positions.length - records.length, cut };
}

/** A cell's log that this process writes. */
export interface CellLog extends CheckpointLog {
  append(record: RunRecord): void;
  /** The records that count so far. */
  readonly records: readonly RunRecord[];
  close(): void;
}

/** @param run the name in the head of every line */
export function openCellLog(directory: string, run: string, attempt: number): CellLog {
  const path = join(directory, METRICS);
  const before = readCellLog(directory);
  const started = performance.now();
  const positions: (RunRecord | undefined)[] = [...before.positions];
  // With an empty log there is nothing to leave out.
  let begun = positions.length === 0 && !before.cut;
  let file: number | undefined;

  const write = (text: string): void =>
    orRefuse(path, () => {
      file ??= openSync(path, 'a');
      const bytes = Buffer.from(text);
      for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
    });
  // A line that a crash has cut would swallow the next one.
  if (before.cut) write('\n');
  const line = (record: RunRecord): void => {
    const t = Math.round(performance.now() - started) / 1000;
    write(encodeLine({ v: 1, run, attempt, t }, record));
  };
  const resume: CellLog['resume'] = (keep, from) => {
    if (!begun || from !== undefined) line({ kind: 'event', name: RESUMED, keep, from: from ?? null });
    positions.length = keep;
    begun = true;
  };
  return {
    get count() {
      return positions.length;
    },
    get records() {
      return positions.filter((record) => record !== undefined);
    },
    resume,
    append(record) {
      const field = RESERVED_FIELDS.find((name) => name in record);
      if (field !== undefined || record.name.startsWith(OWN))
        fail(
          'RECORD',
          `The record '${record.name}' has ${field === undefined ? `a name that begins with ${OWN}` : `a field '${field}'`}, ` +
            'which the log writes itself: rename it.',
        );
      // A training that did not ask for a checkpoint begins at its beginning.
      if (!begun) resume(0, undefined);
      line(record);
      positions.push(record);
    },
    note: (text) => line({ kind: 'event', name: NOTE, text }),
    flush() {
      orRefuse(path, () => {
        if (file !== undefined) fsyncSync(file);
      });
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

function orRefuse(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    fail(
      'RUN_WRITE',
      `${path}: cannot be written (${systemCode(error) ?? String(error)}); free space and sweep again.`,
      { cause: error },
    );
  }
}
