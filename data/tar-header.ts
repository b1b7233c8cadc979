/** What a header of a tar archive says, and what is refused: shared by the reader of whole archives and that of streams. */
import { corrupt, preview } from './corrupt.ts';

/** Bytes of a header, and what contents are padded to. */
export const BLOCK = 512;
const MAX_EXTENSION = 1 << 16; // bytes of a header of the 2001 format ("pax")

export interface TarHeader {
  readonly name: string;
  /** Bytes of content. */
  readonly size: number;
  /** The character that says what the entry is. */
  readonly kind: string;
}

/** Whether an entry is a header of the 2001 format, whose content {@link checkExtension} judges. */
export function isExtension({ kind }: TarHeader): boolean {
  return kind === 'x' || kind === 'g';
}

/**
 * The key of a regular file, its name without `./` in front; undefined for a folder.
 * @throws `DATA_CORRUPT` for all else, and for names that lead out of the archive
 */
export function fileKey({ name, kind }: TarHeader, file: string): string | undefined {
  checkName(name, file);
  if (kind === '5') return undefined;
  if (kind !== '0' && kind !== '\0')
    corrupt(file, `expected regular files, found ${JSON.stringify(name)}, which is ${kindName(kind)}`);
  return name.replace(/^(\.\/)+/, '');
}

/** Bytes to the next header. */
export function paddedSize(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

/**
 * The fields of a header: name at 0 (100 bytes), size at 124 (12), checksum at 148 (8), kind at 156, and when
 * "ustar" stands at 257 followed by a zero byte, what to put before the name at 345 (155). GNU's older format has
 * "ustar" and two spaces there and keeps times in the place of the prefix.
 * @throws `DATA_CORRUPT` when the checksum is another, or the size no number
 */
export function readHeader(block: Uint8Array, file: string, at: number): TarHeader {
  // The checksum is the sum of the header's bytes with its own field as eight spaces.
  const stored = octal(block.subarray(148, 156));
  let sum = 8 * 32;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i] ?? 0;
  if (stored !== sum)
    corrupt(
      file,
      `expected a tar header with the checksum ${sum} at byte ${at}, found ${stored ?? 'no number'} (${preview(block)})`,
    );
  const size = octal(block.subarray(124, 136));
  const posix = text(block.subarray(257, 263), true) === 'ustar\0';
  const prefix = posix ? text(block.subarray(345, 500)) : '';
  const name = text(block.subarray(0, 100));
  const whole = prefix ? `${prefix}/${name}` : name;
  if (size === undefined)
    return corrupt(file, `expected the size of ${JSON.stringify(whole)} as an octal number, found none`);
  return { name: whole, size, kind: String.fromCharCode(block[156] ?? 0) };
}

/** Refuses names that are empty, absolute (for Unix or Windows) or climb. A folder's ends in a slash. */
function checkName(name: string, file: string): void {
  const parts = name.replace(/\/$/, '').split(/[/\\]/);
  const climbs = parts.includes('..') || parts.includes('');
  if (climbs || /^[A-Za-z]:/.test(name))
    corrupt(file, `expected names inside the archive, found ${JSON.stringify(name)}`);
}

/** A pax header is passed over (times, owners), unless it would change the name, size or kind of an entry. */
export function checkExtension(content: Uint8Array, file: string): void {
  const records = text(content.subarray(0, MAX_EXTENSION), true);
  const field = /(?:^|\n)\d+ (path|linkpath|size|GNU\.sparse[^=]*)=/.exec(records)?.[1];
  if (content.length > MAX_EXTENSION || field !== undefined)
    corrupt(file, `expected plain entries, found an extended header (${field ?? `${content.length} bytes`})`);
}

const KINDS: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a character device',
  '4': 'a block device',
  '6': 'a pipe',
  L: 'a long name of GNU tar',
  S: 'a sparse file of GNU tar',
};

function kindName(kind: string): string {
  return KINDS[kind] ?? `an entry of kind ${JSON.stringify(kind)}`;
}

/** An octal number padded with zeros, spaces and a zero byte; GNU's binary sizes, above 8 GiB, are none. */
function octal(field: Uint8Array): number | undefined {
  const digits = text(field).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** Latin-1, up to the first zero byte or whole. */
function text(field: Uint8Array, whole = false): string {
  const zero = whole ? -1 : field.indexOf(0);
  let characters = '';
  for (const byte of zero < 0 ? field : field.subarray(0, zero)) characters += String.fromCharCode(byte);
  return characters;
}

/** Whether all bytes are 0, as those of the end mark are. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
