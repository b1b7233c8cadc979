/**
 * The checkpoints of one cell: `checkpoint-000007.safetensors` and up, the last two of them, and `latest.json`, which
 * names the newest. A file is written durably and proves itself (`checkpoint-file.ts`); its predecessor is removed only
 * after that. Reading takes the newest that is sound. One that is not is set aside and reported, and if none is left,
 * that is an error: to start again silently would throw away what was paid for.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { LangevinError, fail } from '../../engine/graph/errors.ts';
import type { Tree } from '../../engine/index.ts';
import type { Checkpoints, Snapshot } from '../grid.ts';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  fitCheckpoint,
  type StoredCheckpoint,
} from './checkpoint-file.ts';
import { isTemporary, nodeFileSystem, writeDurably, type FileSystem } from '../../data/node/durable.ts';
import { systemCode } from '../../data/node/directory.ts';

/** The name of the file that names the newest checkpoint. */
export const LATEST = 'latest.json';

const KEPT = 2;
const NAME = /^checkpoint-(\d{6,})\.safetensors$/;
const nameOf = (sequence: number): string => `checkpoint-${String(sequence).padStart(6, '0')}.safetensors`;

/** The log of records that the checkpoints belong to. */
export interface CheckpointLog {
  /** Records written so far, of all attempts, as far as they count. */
  readonly count: number;
  /** Makes the records durable. */
  flush(): void;
  /** From here on the records that count are the first `keep` and what comes next. */
  resume(keep: number, from: string | undefined): void;
  /** Notes something that happened to the cell, for people. */
  note(text: string): void;
}

export interface CheckpointOptions {
  /** The hash of the cell. */
  readonly cell: string;
  readonly log: CheckpointLog;
  /** Seconds from one checkpoint to the next. */
  readonly every: number;
  readonly files?: FileSystem;
}

/** Checkpoints in `directory`, which this process has locked. */
export interface CheckpointStore extends Checkpoints {
  /** Removes what crashes left behind. */
  sweep(): Promise<void>;
  /** Removes all but the newest. */
  thin(): Promise<void>;
}

export function checkpointStore(
  directory: string,
  { cell, log, every, files = nodeFileSystem }: CheckpointOptions,
): CheckpointStore {
  let last = performance.now();
  const newestFirst = async (): Promise<number[]> =>
    (await files.list(directory))
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => b - a);
  const keep = async (count: number): Promise<void> => {
    for (const sequence of (await newestFirst()).slice(count))
      await files.remove(join(directory, nameOf(sequence)));
  };

  const load = async (): Promise<{ name: string; checkpoint: StoredCheckpoint } | undefined> => {
    const latest = await readLatest(directory, files);
    const sequences = await newestFirst();
    const newest = sequences[0];
    if (newest === undefined && latest === undefined) return undefined;
    const refused: string[] = [];
    if (latest !== undefined && latest !== 'unreadable' && !sequences.includes(latest))
      refused.push(`${nameOf(latest)}, which ${LATEST} names, is gone`);
    for (const sequence of sequences) {
      const name = nameOf(sequence);
      const reading = await read(join(directory, name), files, log.count);
      if ('checkpoint' in reading) {
        for (const reason of refused) log.note(`${reason}; going on from ${name}.`);
        return { name, checkpoint: reading.checkpoint };
      }
      refused.push(`${name} cannot be used: ${reading.reason}`);
      // Out of the count of those that are kept.
      await files.rename(join(directory, name), join(directory, `${name}.bad`));
    }
    return fail(
      'CHECKPOINT_CORRUPT',
      `${directory} has no checkpoint that can be used (${refused.join('; ') || `${LATEST} is all there is`}); ` +
        'restore one, or remove the directory to train the cell again from its beginning.',
    );
  };

  return {
    due: () => performance.now() - last >= every * 1000,
    async restore(template: Tree): Promise<Snapshot | undefined> {
      const found = await load();
      if (!found) {
        log.resume(0, undefined);
        return undefined;
      }
      const { name, checkpoint } = found;
      const tensors = fitCheckpoint(checkpoint, template, cell, join(directory, name));
      log.resume(checkpoint.records, name);
      last = performance.now();
      return { tensors, state: checkpoint.state };
    },
    async save(snapshot) {
      const bytes = await encodeCheckpoint(snapshot, { cell, records: log.count });
      try {
        // A checkpoint counts records, so they are on the disk before it.
        log.flush();
        const sequence = ((await newestFirst())[0] ?? 0) + 1;
        const file = nameOf(sequence);
        await writeDurably(files, join(directory, file), bytes);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        const latest = `${JSON.stringify({ schema: 1, sequence, file, sha256, cell })}\n`;
        await writeDurably(files, join(directory, LATEST), new TextEncoder().encode(latest));
        await keep(KEPT);
      } catch (error) {
        unwritable(directory, error);
      }
      last = performance.now();
    },
    async sweep() {
      for (const name of await files.list(directory))
        if (isTemporary(name)) await files.remove(join(directory, name));
    },
    thin: () => keep(1),
  };
}

type Reading = { readonly checkpoint: StoredCheckpoint } | { readonly reason: string };

async function read(path: string, files: FileSystem, recordsThere: number): Promise<Reading> {
  try {
    const checkpoint = decodeCheckpoint(await files.read(path));
    if (checkpoint.records > recordsThere)
      return { reason: `it comes after ${checkpoint.records} records, and the log has ${recordsThere}` };
    return { checkpoint };
  } catch (error) {
    // Another version's checkpoint is no damage.
    if (error instanceof LangevinError && error.code !== 'CHECKPOINT_SCHEMA')
      return { reason: error.message.replace(/\.$/, '') };
    return unreadable(path, error);
  }
}

/** The sequence number in latest.json; undefined if there is no such file. */
async function readLatest(directory: string, files: FileSystem): Promise<number | 'unreadable' | undefined> {
  try {
    const { sequence } = JSON.parse(Buffer.from(await files.read(join(directory, LATEST))).toString()) as {
      readonly sequence?: unknown;
    };
    return typeof sequence === 'number' ? sequence : 'unreadable';
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    if (error instanceof SyntaxError || error instanceof TypeError) return 'unreadable';
    return unreadable(join(directory, LATEST), error);
  }
}

/** The disk may recover, or someone give permission: nothing is set aside, and nothing older taken instead. */
function unreadable(path: string, error: unknown): never {
  const code = systemCode(error);
  if (code === undefined) throw error;
  return fail('CHECKPOINT_UNREADABLE', `${path}: cannot be read (${code}); see to that and sweep again.`, {
    cause: error,
  });
}

function unwritable(directory: string, error: unknown): never {
  if (error instanceof LangevinError) throw error;
  return fail(
    'CHECKPOINT_WRITE',
    `${directory}: the checkpoint cannot be written (${systemCode(error) ?? String(error)}); free space and sweep again: ` +
      'what was saved before is kept.',
    { cause: error },
  );
}
