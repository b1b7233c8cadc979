/** The checkpoint that was named on the command line: a cell's directory, of which the newest is meant, or one file in it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fail, LangevinError } from '../../engine/graph/errors.ts';
import type { Tree } from '../../engine/index.ts';
import type { Snapshot } from '../../experiments/grid.ts';
import type { CellManifest } from '../../experiments/node/cell-directory.ts';
import {
  decodeCheckpoint,
  fitCheckpoint,
  type StoredCheckpoint,
} from '../../experiments/node/checkpoint-file.ts';
import { MANIFEST } from '../../experiments/node/run-directory.ts';

const NAME = /^checkpoint-\d{6,}\.safetensors$/;

/** A place in a training, as it was named. */
export interface NamedCheckpoint {
  readonly manifest: CellManifest;
  readonly directory: string;
  /** The file; undefined for a directory that has none. */
  readonly file: string | undefined;
}

/** @throws NO_CELL if this is no cell of a sweep, nor a file in one; RUN_CORRUPT */
export function findCheckpoint(given: string): NamedCheckpoint {
  const path = resolve(given);
  if (!existsSync(path))
    fail(
      'NO_CELL',
      `${given} does not exist; give the directory of a cell, SWEEPS/cells/ID, or a checkpoint in it.`,
    );
  const isFile = statSync(path).isFile();
  const directory = isFile ? dirname(path) : path;
  if (!existsSync(join(directory, MANIFEST)))
    fail(
      'NO_CELL',
      `${directory} is no cell of a sweep: it has no ${MANIFEST}; give SWEEPS/cells/ID, as \`langevin sweep EXPERIMENT --cells\` lists them.`,
    );
  const manifest = readManifest(join(directory, MANIFEST));
  const newest = readdirSync(directory)
    .filter((name) => NAME.test(name))
    .sort()
    .at(-1);
  const file = isFile ? path : newest === undefined ? undefined : join(directory, newest);
  return { manifest, directory, file };
}

function readManifest(path: string): CellManifest {
  let value: Partial<CellManifest> | null;
  try {
    value = JSON.parse(readFileSync(path, 'utf8')) as Partial<CellManifest> | null;
  } catch {
    value = null;
  }
  if (value?.schema !== 1)
    fail(
      'RUN_CORRUPT',
      `${path} cannot be read; restore it, or remove the directory to train the cell again.`,
    );
  if (value?.kind !== 'cell')
    fail(
      'NO_CELL',
      `${dirname(path)} is a run and no cell of a sweep, and runs keep no checkpoints: train with \`langevin sweep\` and give SWEEPS/cells/ID.`,
    );
  return value as CellManifest;
}

/**
 * The snapshot in a checkpoint.
 * @param template a tree like its tensors
 * @throws CHECKPOINT_MISSING, CHECKPOINT_CORRUPT, CHECKPOINT_SCHEMA, CHECKPOINT_MISMATCH
 */
export function readSnapshot({ manifest, directory, file }: NamedCheckpoint, template: Tree): Snapshot {
  if (file === undefined)
    return fail(
      'CHECKPOINT_MISSING',
      `${directory} has no checkpoint${manifest.status === 'complete' ? '' : ` (its training is ${manifest.status})`}; ` +
        'sweep again until there is one, or measure where the training began, with --initial.',
    );
  const stored = decode(file);
  return { tensors: fitCheckpoint(stored, template, manifest.id, file), state: stored.state };
}

function decode(file: string): StoredCheckpoint {
  try {
    return decodeCheckpoint(readFileSync(file));
  } catch (error) {
    if (error instanceof LangevinError && error.code !== 'CHECKPOINT_SCHEMA')
      return fail(
        'CHECKPOINT_CORRUPT',
        `${file} cannot be used: ${error.message} Give another checkpoint of ${basename(dirname(file))}, or sweep again.`,
        { cause: error },
      );
    throw error;
  }
}
