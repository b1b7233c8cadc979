/**
 * Reading the header of a safetensors file, which may come from anywhere. `JSON.parse` alone would keep the last of two
 * equal keys and round large numbers, so that two programs could see two files in one; and arrays that overlap or leave
 * gaps could hide bytes or make a small file a large one (attacks/README.md of huggingface/safetensors). All of that
 * is refused, as the reference implementation does.
 */
import { fail } from '../engine/graph/errors.ts';

/** The element types that are written here. */
export type WrittenDType = 'F64' | 'F32' | 'U32' | 'I32' | 'U8' | 'BOOL';

/** The element types that are read here: also those in which other programs keep weights and counters. */
export type SafetensorsDType = WrittenDType | 'I64' | 'U64' | 'F16' | 'BF16' | 'I16' | 'U16' | 'I8';

/** Bytes of an element. */
export const WIDTHS: Readonly<Record<SafetensorsDType, number>> = {
  F64: 8,
  F32: 4,
  U32: 4,
  I32: 4,
  U8: 1,
  BOOL: 1,
  I64: 8,
  U64: 8,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  I8: 1,
};

/** The longest header that is read, as in the reference implementation. */
export const MAX_HEADER = 100_000_000;

/** The key of the header that is no tensor. */
export const METADATA = '__metadata__';

/** One tensor of the header; its bytes are [begin, end) of what follows the header. */
export interface HeaderEntry {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** The entries and the metadata of a header. @throws SAFETENSORS */
export function parseHeader(bytes: Uint8Array): {
  readonly entries: readonly HeaderEntry[];
  readonly metadata: ReadonlyMap<string, string>;
} {
  const text = new TextDecoder().decode(bytes.slice());
  const again = new TextEncoder().encode(text);
  if (again.length !== bytes.length || again.some((byte, k) => byte !== bytes[k]))
    refuse('the header is not UTF-8');
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    refuse('the header is not JSON');
  }
  if (!isRecord(header)) return refuse('the header is no object');
  scan(text);
  const entries: HeaderEntry[] = [];
  const metadata = new Map<string, string>();
  // Own properties alone, `__proto__` among them if the file has it: JSON.parse defines, it does not assign.
  for (const [name, value] of Object.entries(header))
    if (name !== METADATA) entries.push(parseEntry(name, value));
    else
      for (const [key, word] of Object.entries(isRecord(value) ? value : refuse(`${METADATA} is no object`)))
        metadata.set(key, typeof word === 'string' ? word : refuse(`${METADATA}: '${key}' is no text`));
  return { entries, metadata };
}

/**
 * Refuses two equal keys in one object, and numbers that are not written as whole and without sign. In text that is
 * JSON, a string before a colon is a key, and whatever else matters here is a brace or a number.
 */
function scan(text: string): void {
  const open: Set<string>[] = [];
  for (const [token, string, colon] of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}]|-?\d[\d.eE+-]*/g))
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (string === undefined) {
      if (!/^\d+$/.test(token)) refuse(`${token} is no whole number`);
    } else if (colon !== undefined) {
      const key = JSON.parse(string) as string;
      if (open.at(-1)?.has(key)) refuse(`the key ${string} is there twice`);
      open.at(-1)?.add(key);
    }
}

function parseEntry(name: string, value: unknown): HeaderEntry {
  if (!isRecord(value)) return refuse(`'${name}' is no object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(WIDTHS, dtype))
    return refuse(
      `'${name}' has the dtype ${JSON.stringify(dtype)}, which is none of ${Object.keys(WIDTHS).join(', ')}`,
    );
  if (!isCounts(shape)) return refuse(`'${name}' has the shape ${JSON.stringify(shape)}`);
  if (!isCounts(offsets) || offsets.length !== 2)
    return refuse(`'${name}' has the offsets ${JSON.stringify(offsets)}`);
  const [begin = 0, end = 0] = offsets;
  // A rounded product could not be told from a right one, and a zero behind it would hide it.
  const size = shape.reduce(
    (product, extent) => {
      const next = product * extent;
      return Number.isSafeInteger(next) ? next : refuse(`'${name}' has more bytes than a number can count`);
    },
    WIDTHS[dtype as SafetensorsDType],
  );
  if (size !== end - begin)
    refuse(`'${name}' is ${dtype}[${shape.join(', ')}], ${size} bytes, but its offsets span ${end - begin}`);
  return { name, dtype: dtype as SafetensorsDType, shape, begin, end };
}

/** Whether the entries, sorted by place, fill `length` bytes one after the other. @throws SAFETENSORS */
export function checkLayout(entries: readonly HeaderEntry[], length: number): void {
  let reached = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== reached)
      refuse(
        `'${name}' begins at ${begin}, where ${reached} was due: tensors ${begin < reached ? 'overlap' : 'leave a hole'}`,
      );
    reached = end;
  }
  if (reached !== length) refuse(`the tensors take ${reached} bytes, and ${length} follow the header`);
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && (each as number) >= 0);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(what: string): never {
  return fail('SAFETENSORS', `safetensors: ${what}.`);
}
