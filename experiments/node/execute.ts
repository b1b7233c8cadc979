/** Running an experiment into a directory: every record on disk before the next is asked for, and an honest ending. */
import { setImmediate } from 'node:timers/promises';
import { LangevinError } from '../../engine/graph/errors.ts';
import type { Experiment, Manifest, RunContext, RunRecord } from '../types.ts';
import type { RunDirectory } from './run-directory.ts';

/** How a run ended; `error` is what it threw. */
export interface Execution {
  readonly manifest: Manifest;
  readonly records: readonly RunRecord[];
  readonly error?: unknown;
}

/**
 * Runs `experiment` and writes its manifest and records. The manifest says `running` from before the first record
 * until the last one is on the disk, then `complete`, `interrupted` (the signal was given) or `failed`.
 * @throws only what the directory throws when it cannot be written; what the experiment throws is returned.
 */
export async function execute(
  experiment: Experiment,
  directory: RunDirectory,
  start: Omit<Manifest, 'status'>,
  context: RunContext,
): Promise<Execution> {
  const records: RunRecord[] = [];
  const began = performance.now();
  await directory.writeManifest({ ...start, status: 'running' });
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const record of experiment.run(start.config as object, context)) {
      directory.append(record);
      records.push(record);
      // A backend that computes on this thread never lets signals and timers in by itself.
      await setImmediate();
    }
  } catch (error) {
    failure = { error };
  }
  directory.flush();
  const manifest: Manifest = {
    ...start,
    status: failure ? 'failed' : context.signal.aborted ? 'interrupted' : 'complete',
    ...(failure ? { error: describe(failure.error) } : {}),
    seconds: Math.round(performance.now() - began) / 1000,
  };
  await directory.writeManifest(manifest);
  return { manifest, records, ...failure };
}

function describe(error: unknown): { code: string; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  return { code: error instanceof LangevinError ? error.code : 'UNEXPECTED', message };
}
