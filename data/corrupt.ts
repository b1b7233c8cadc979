/** What every reader of a file shares: a content with its name, and how a wrong one is refused. */
import { fail } from '../engine/graph/errors.ts';

/** The decompressed content of a file, and what errors call it. */
export interface NamedBytes {
  readonly bytes: Uint8Array;
  readonly file: string;
}

const HINT = 'delete the file and fetch it again (langevin data get), or train on --data procedural.';

/** Throws `DATA_CORRUPT` about `file`, with the next step. */
export function corrupt(file: string, finding: string, cause?: unknown): never {
  const options = cause === undefined ? {} : { cause };
  return fail('DATA_CORRUPT', `${file}: ${finding}; ${HINT}`, options);
}

/** The first bytes of a file for an error: as text when they are printable, else in hexadecimal. */
export function preview(bytes: Uint8Array, length = 24): string {
  const head = bytes.subarray(0, length);
  const text = String.fromCharCode(...head);
  if (head.length > 0 && /^[\x20-\x7e\s]+$/.test(text)) return `it begins ${JSON.stringify(text)}`;
  return `it begins ${Array.from(head.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ')}`;
}
