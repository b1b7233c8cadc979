/**
 * Records as lines of text. JSON has no NaN and no infinities (`JSON.stringify` writes null), and a diverged run is
 * exactly where they matter, so they are written as the strings "NaN", "Infinity" and "-Infinity". A string that would
 * be read as one of these gets a backslash in front, so that encoding and decoding are inverse on all values.
 */
import type { Json, RunRecord } from './types.ts';

/** What stands in a line beside the record's own fields. */
export interface LineHead {
  /** Version of the format. */
  readonly v: 1;
  /** The name of the run. */
  readonly run: string;
  /** 0 for the first attempt, one more for each time the run was resumed. */
  readonly attempt: number;
  /** Seconds since the run began, by a clock that never goes back. No result depends on it. */
  readonly t: number;
}

/** The fields of the head, which a record may not have. */
export const RESERVED_FIELDS: readonly (keyof LineHead)[] = ['v', 'run', 'attempt', 't'];

/** What a log holds. */
export interface ReadLines {
  readonly records: readonly RunRecord[];
  /** The numbers, from 1, of lines that are no record; the last of them may be a line cut short by a crash. */
  readonly dropped: readonly number[];
  /** Whether the text ends in the middle of a line. */
  readonly cut: boolean;
}

const SPECIAL = /^\\*(?:NaN|-?Infinity)$/;

/** One value as JSON, with NaN and infinities as strings. */
export function encode(value: Json): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'number' && !Number.isFinite(inner)) return String(inner);
    return typeof inner === 'string' && SPECIAL.test(inner) ? `\\${inner}` : inner;
  });
}

/** The same for a file that people read: an object whose fields have lines of their own. */
export function encodePretty(value: object): string {
  return `${JSON.stringify(JSON.parse(encode(value as Json)), null, 2)}\n`;
}

/** The inverse of {@link encode}. @throws SyntaxError */
export function decode(text: string): Json {
  return JSON.parse(text, (_key, inner: unknown) => {
    if (typeof inner !== 'string' || !SPECIAL.test(inner)) return inner;
    return inner.startsWith('\\') ? inner.slice(1) : Number(inner);
  }) as Json;
}

/** The line of a record, with its line break. */
export function encodeLine(head: LineHead, record: RunRecord): string {
  return `${encode({ ...head, ...record })}\n`;
}

/**
 * The records of a log. A last line without a line break was cut by a crash and is dropped, as is any line that is no
 * record; both are reported. The head's fields are removed.
 */
export function decodeLines(text: string): ReadLines {
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  const records: RunRecord[] = [];
  const dropped: number[] = [];
  lines.forEach((line, index) => {
    const record = decodeRecord(line);
    if (record) records.push(record);
    else dropped.push(index + 1);
  });
  if (rest !== '') dropped.push(lines.length + 1);
  return { records, dropped, cut: rest !== '' };
}

function decodeRecord(line: string): RunRecord | undefined {
  let value: Json;
  try {
    value = decode(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { v, run: _run, attempt: _attempt, t: _t, ...record } = value as { readonly [key: string]: Json };
  const { kind, name } = record;
  const isRecord =
    v === 1 && typeof name === 'string' && (kind === 'metric' || kind === 'event' || kind === 'result');
  return isRecord ? { ...record, kind, name } : undefined;
}
