/** Reading a run directory: the manifest and the records, as far as they are there. */
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { fail } from '../../engine/graph/errors.ts';
import { decodeLines } from '../json-lines.ts';
import type { Manifest, RunRecord } from '../types.ts';
import type { Origin } from './html.ts';
import { MANIFEST, METRICS } from './run-directory.ts';
import { systemCode } from '../../data/node/directory.ts';

export interface StoredRun {
  readonly manifest: Manifest;
  readonly records: readonly RunRecord[];
  /** Sentences about lines that could not be read. */
  readonly notices: readonly string[];
  /** Where the records come from, if not from a single run. */
  readonly origin?: Origin;
}

/**
 * Reads what a run has written, finished or not.
 * @throws `RUN_MISSING` when the directory holds no run, `RUN_CORRUPT` when its manifest cannot be understood.
 */
export async function readRun(directory: string): Promise<StoredRun> {
  const manifest = parseManifest(await text(directory, MANIFEST), join(directory, MANIFEST));
  const lines = await text(directory, METRICS, null);
  const { records, dropped, cut } = decodeLines(lines ?? '');
  const missing = `${join(directory, METRICS)} is not there, so the report rests on no records: restore it if there were any.`;
  return { manifest, records, notices: [...(lines === null ? [missing] : []), ...noticesOf(dropped, cut)] };
}

/** @param otherwise what there is where there is no such file; absent: an error */
async function text<T = never>(directory: string, name: string, otherwise?: T): Promise<string | T> {
  try {
    return await readFile(join(directory, name), 'utf8');
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' && otherwise !== undefined) return otherwise;
    return fail(
      'RUN_MISSING',
      `${directory} holds no run: ${name} cannot be read (${code ?? String(error)}); ` +
        'give the directory that `langevin run` printed first.',
      { cause: error },
    );
  }
}

function parseManifest(json: string, path: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return fail('RUN_CORRUPT', `${path} is not JSON; restore it, or run the experiment again.`, {
      cause: error,
    });
  }
  const { schema, experiment } = (value ?? {}) as {
    readonly schema?: unknown;
    readonly experiment?: unknown;
  };
  if (schema !== 1 || typeof experiment !== 'string')
    fail(
      'RUN_CORRUPT',
      `${path}: expected a manifest of schema 1, found ${JSON.stringify(schema) ?? 'none'}; ` +
        'draw the report with the version of langevin that made the run.',
    );
  return value as Manifest;
}

function noticesOf(dropped: readonly number[], cut: boolean): string[] {
  const last = dropped.at(-1);
  const whole = cut ? dropped.slice(0, -1) : dropped;
  const list = whole.length > 5 ? `${whole.slice(0, 5).join(', ')}, …` : whole.join(', ');
  return [
    ...(cut ? [`${METRICS}: line ${last} was cut short when the run stopped, and is left out.`] : []),
    ...(whole.length === 1 ? [`${METRICS}: line ${list} is no record and is left out.`] : []),
    ...(whole.length > 1 ? [`${METRICS}: lines ${list} are no records and are left out.`] : []),
  ];
}
