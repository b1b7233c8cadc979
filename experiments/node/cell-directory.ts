/**
 * The directory of one cell of a sweep, `cells/<id>`:
 *
 *   manifest.json                     the cell, what it was trained with, how far it is
 *   metrics.jsonl                     its records, through all attempts (cell-log.ts)
 *   checkpoint-000007.safetensors     where to go on (checkpoints.ts), and latest.json
 *   lock.json                         while a process trains it
 *
 * The id is a hash of the cell, and a cell says everything that its numbers depend on: so whoever needs the same
 * training, an experiment or another, finds it here.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../data/node/directory.ts';
import { fail } from '../../engine/graph/errors.ts';
import type { Cell, GridExperiment } from '../grid.ts';
import { decode, encode } from '../json-lines.ts';
import type { Json, Manifest, RunRecord, RunStatus } from '../types.ts';
import { readCellLog, type CellLogContent } from './cell-log.ts';
import { MANIFEST } from './run-directory.ts';

/** What a cell was trained with, and how far it is. */
export interface CellManifest {
  readonly schema: 1;
  readonly kind: 'cell';
  /** The hash of the cell, which is the name of the directory. */
  readonly id: string;
  readonly cell: Cell;
  /** For people. */
  readonly label: string;
  /** The experiment that began it. */
  readonly experiment: string;
  /** 0, and one more for each time that it was taken up again. */
  readonly attempt: number;
  readonly adapter: Manifest['adapter'];
  readonly dataset: Manifest['dataset'];
  readonly versions: Manifest['versions'];
  readonly status: RunStatus;
  /** Why the last attempt failed. */
  readonly error?: { readonly code: string; readonly message: string };
  /** Of training, over all attempts that came to an end. */
  readonly seconds: number;
  /** What had changed when it was taken up again with --allow-mismatch. */
  readonly mismatches: readonly string[];
}

/** How far a cell is, from its files. */
export interface CellState {
  readonly id: string;
  readonly cell: Cell;
  readonly directory: string;
  /** Undefined for a cell that was never begun. */
  readonly manifest: CellManifest | undefined;
  readonly log: CellLogContent;
  /** Whether there is nothing left to train. */
  readonly finished: boolean;
}

/** The first 16 hexadecimal digits of the SHA-256 of the cell as canonical JSON. */
export function cellId(cell: Cell): string {
  return createHash('sha256')
    .update(encode(canonical(cell)))
    .digest('hex')
    .slice(0, 16);
}

/** The same value with the keys of all objects sorted, and without those that are undefined. */
function canonical(value: Json): Json {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value as { readonly [key: string]: Json | undefined });
  return Object.fromEntries(
    fields
      .filter((field): field is [string, Json] => field[1] !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, canonical(inner)]),
  );
}

/** The directory of a cell below `out`. */
export function cellDirectory(out: string, id: string): string {
  return join(out, 'cells', id);
}

/** Reads how far a cell is. @throws RUN_CORRUPT if its manifest cannot be understood */
export function readCell(
  out: string,
  cell: Cell,
  isFinished: (records: readonly RunRecord[]) => boolean,
): CellState {
  const id = cellId(cell);
  const directory = cellDirectory(out, id);
  const manifest = readCellManifest(directory);
  const log = readCellLog(directory);
  return { id, cell, directory, manifest, log, finished: manifest !== undefined && isFinished(log.records) };
}

function readCellManifest(directory: string): CellManifest | undefined {
  const path = join(directory, MANIFEST);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  let value: Partial<CellManifest> | null;
  try {
    value = decode(text) as Partial<CellManifest> | null;
  } catch {
    value = null;
  }
  if (value?.schema !== 1 || value.kind !== 'cell' || typeof value.attempt !== 'number')
    return fail(
      'RUN_CORRUPT',
      `${path} is no manifest of a cell of schema 1; restore it, or remove ${directory} to train the cell again.`,
    );
  return value as CellManifest;
}

/** States of all cells of a grid, in its order. */
export function readCells(out: string, cells: readonly Cell[], grid: GridExperiment): CellState[] {
  return cells.map((cell) => readCell(out, cell, (records) => grid.isFinished(records)));
}
