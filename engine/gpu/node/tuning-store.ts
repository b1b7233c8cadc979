/**
 * Measurements of kernels as files in the user's cache directory. A file is written beside its place and renamed, so that
 * a reader never sees half of one. Of two processes that write at once the later rename stands: what the other measured
 * in that moment is measured again some day.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fail } from '../../graph/errors.ts';
import { cacheFolder } from './cache-folder.ts';

/** Where documents are kept under names: files, or a database of the browser. */
export interface TuningStore {
  /** What runs WebGPU here, and whatever else of the machine a time may depend on that the adapter does not say. */
  readonly runtime: string;
  /** Where a document is, for people. */
  where(name: string): string;
  /**
   * The document, or undefined if there is none.
   * @throws TUNING_STORE if it cannot be known
   */
  read(name: string): Promise<string | undefined>;
  /**
   * Replaces the document by what `change` makes of it. A reader sees all of the old one or all of the new.
   * @throws TUNING_STORE if it cannot be written
   */
  update(name: string, change: (text: string | undefined) => string): Promise<void>;
}

/** Documents as files below `folder`. */
export function fileStore(folder: string): TuningStore {
  const where = (name: string): string => join(folder, `${name}.json`);
  const read = async (name: string): Promise<string | undefined> => {
    try {
      return await readFile(where(name), 'utf8');
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      return fail('TUNING_STORE', `${where(name)} cannot be read (${code}): kernels are chosen by rule.`, {
        cause: error,
      });
    }
  };
  return {
    // Software drivers are as fast as the processor.
    runtime: `webgpu ${dawnVersion()}, ${process.platform} ${process.arch}, ${cpus()[0]?.model.trim() ?? 'unknown'} x ${cpus().length}`,
    where,
    read,
    async update(name, change) {
      const path = where(name);
      const beside = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
      try {
        await mkdir(folder, { recursive: true });
        const text = change(await read(name));
        await writeFile(beside, text, { flag: 'wx' });
        await rename(beside, path);
      } catch (error) {
        await rm(beside, { force: true }).catch(() => undefined);
        fail(
          'TUNING_STORE',
          `${path} cannot be written (${systemCode(error)}): what was measured holds for this process alone. Make the directory writable, or set XDG_CACHE_HOME to one that is.`,
          { cause: error },
        );
      }
    },
  };
}

/** Where this process keeps measurements. */
export function tuningStore(): TuningStore {
  return fileStore(cacheFolder());
}

/** LANGEVIN_TUNE, for callers of `init` that do not say. */
export function tuneDefault(): string | undefined {
  return process.env['LANGEVIN_TUNE'] || undefined;
}

function dawnVersion(): string {
  try {
    const { version } = createRequire(import.meta.url)('webgpu/package.json') as { readonly version: string };
    return version;
  } catch {
    return 'of unknown version';
  }
}

function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
