/**
 * Reader of tar archives (POSIX.1-1988 "ustar", and what GNU tar and the seventh edition of Unix write): 512-byte
 * headers, each followed by the content of its entry padded to whole blocks, then blocks of zeros.
 *
 * It exists because the core of data/ runs in browsers and depends on nothing, and because the little it has to
 * do is best kept little: the archives of CIFAR hold a folder of regular files, so regular files and folders are
 * all it accepts. Nothing is written anywhere: the content of an entry is a view of the archive, and its name is
 * the key of a map. An entry that would matter to a program that does write (a link, a device, an absolute
 * name, a name with `..`) is refused all the same, because no archive of a data set has a reason to hold one.
 */
import { corrupt, preview } from './corrupt.ts';

const BLOCK = 512;
const MAX_ENTRIES = 1000; // CIFAR's archives have fewer than ten
const MAX_EXTENSION = 1 << 16; // bytes of a header of the 2001 format ("pax")

/** The regular files of an archive, by name. */
export type TarFiles = ReadonlyMap<string, Uint8Array>;

interface Header {
  readonly name: string;
  /** Bytes of content. */
  readonly size: number;
  /** The character that says what the entry is. */
  readonly kind: string;
}

/**
 * Reads a decompressed archive. `file` is the name that errors show. The contents are views of `bytes`.
 * @throws `DATA_CORRUPT` when the archive is cut short, a checksum is wrong, an entry is neither a regular file
 *   nor a folder, a name is absolute, leaves the archive or comes twice, or there are too many entries.
 */
export function readTar(bytes: Uint8Array, file: string): TarFiles {
  if (bytes.length === 0) corrupt(file, 'expected a tar archive, found an empty file');
  const files = new Map<string, Uint8Array>();
  let entries = 0;
  let at = 0;
  for (;;) {
    if (at + BLOCK > bytes.length)
      corrupt(
        file,
        `expected a header or the end mark of a tar archive at byte ${at}, found the end of the file ` +
          `(${bytes.length} bytes; ${preview(bytes)})`,
      );
    const block = bytes.subarray(at, at + BLOCK);
    if (isZero(block)) break;
    if (++entries > MAX_ENTRIES) corrupt(file, `expected at most ${MAX_ENTRIES} entries, found more`);
    const { name, size, kind } = readHeader(block, file, at);
    const start = at + BLOCK;
    // Compared before anything is added to it: a size may be as large as the format can say.
    if (size > bytes.length - start)
      corrupt(
        file,
        `expected ${size} bytes of ${JSON.stringify(name)}, found ${bytes.length - start}, so the archive is cut short`,
      );
    const content = bytes.subarray(start, start + size);
    at = start + Math.ceil(size / BLOCK) * BLOCK;
    if (kind === 'x' || kind === 'g') {
      checkExtension(content, file);
      continue;
    }
    checkName(name, file);
    if (kind === '5') continue;
    if (kind !== '0' && kind !== '\0')
      corrupt(file, `expected regular files, found ${JSON.stringify(name)}, which is ${kindName(kind)}`);
    const key = name.replace(/^(\.\/)+/, '');
    if (files.has(key)) corrupt(file, `expected each name once, found ${JSON.stringify(key)} twice`);
    files.set(key, content);
  }
  if (!isZero(bytes.subarray(at))) corrupt(file, 'expected nothing after the end mark, found bytes');
  return files;
}

/**
 * The fields of a header: name at 0 (100 bytes), size at 124 (12), checksum at 148 (8), kind at 156, and when
 * "ustar" stands at 257 followed by a zero byte, what to put before the name at 345 (155). GNU's older format has
 * "ustar" and two spaces there and keeps times in the place of the prefix.
 */
function readHeader(block: Uint8Array, file: string, at: number): Header {
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
function checkExtension(content: Uint8Array, file: string): void {
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

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
