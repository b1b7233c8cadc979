/**
 * The safetensors format: named arrays in one file, which other programs read (Python: `safetensors`).
 *
 *   8 bytes    N, the length of the header, little-endian
 *   N bytes    JSON: {"name": {"dtype", "shape", "data_offsets": [begin, end]}, …, "__metadata__": {"key": "text"}}
 *   the rest   the arrays, each where its offsets say, counted from here; without gaps and without overlap
 *
 * What is written is, byte for byte, what Python's writer makes of the same arrays and the same single key of metadata.
 * What is read is trusted in nothing: see `safetensors-header.ts`. Arrays are copied as bytes, so that every bit is
 * kept, that of a NaN included; the order of their bytes is that of every machine with WebGPU, little-endian.
 */
import { fail } from '../engine/graph/errors.ts';
import {
  checkLayout,
  METADATA,
  MAX_HEADER,
  parseHeader,
  WIDTHS,
  type SafetensorsDType,
} from './safetensors-header.ts';

export type { SafetensorsDType } from './safetensors-header.ts';

/** One array of a file. */
export type StoredTensor = {
  [D in keyof StoredArrays]: {
    readonly dtype: D;
    readonly shape: readonly number[];
    readonly data: StoredArrays[D];
  };
}[keyof StoredArrays];

/** What the elements of each dtype are held in. */
export interface StoredArrays {
  readonly F64: Float64Array;
  readonly F32: Float32Array;
  readonly U32: Uint32Array;
  readonly I32: Int32Array;
  readonly U8: Uint8Array;
  readonly BOOL: Uint8Array;
}

/** What a file holds. */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** As Python's writer orders them: wide elements first, so that every array is aligned, then by name. */
const ORDER: readonly SafetensorsDType[] = ['F64', 'F32', 'U32', 'I32', 'U8', 'BOOL'];

/**
 * The bytes of a file.
 * @throws SAFETENSORS if an array does not fill its shape, or a name cannot be written
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort(
    ([a, { dtype: left }], [b, { dtype: right }]) =>
      ORDER.indexOf(left) - ORDER.indexOf(right) || (a < b ? -1 : 1),
  );
  let end = 0;
  const entries = sorted.map(([name, { dtype, shape, data }]): string => {
    if (name === METADATA) refuse(`no tensor can have the name ${METADATA}`);
    const begin = end;
    end += data.byteLength;
    const size = shape.reduce((product, extent) => product * extent, 1);
    if (size !== data.length || data.byteLength !== size * WIDTHS[dtype])
      refuse(`'${name}' has ${data.length} elements, but ${dtype}[${shape.join(', ')}] takes ${size}`);
    return `${quote(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`;
  });
  const texts = [...metadata].map(([key, text]) => `${quote(key)}:${quote(text)}`);
  if (texts.length > 0) entries.unshift(`"${METADATA}":{${texts.join(',')}}`);
  const json = new TextEncoder().encode(`{${entries.join(',')}}`);
  const length = Math.ceil(json.length / 8) * 8;
  if (length > MAX_HEADER) refuse(`the header takes ${length} bytes, of ${MAX_HEADER} allowed`);

  const bytes = new Uint8Array(8 + length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  bytes.fill(0x20, 8 + json.length, 8 + length);
  let offset = 8 + length;
  for (const [, { data }] of sorted) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}

/**
 * What the bytes hold, after every check that the format asks for. The arrays are copies.
 * @throws SAFETENSORS naming what is wrong, and where
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsFile {
  if (bytes.length < 8) refuse(`a file has at least 8 bytes, this one ${bytes.length}`);
  // Compared as a BigInt: nothing is allocated, and no number rounded, before the length is known to be one.
  const announced = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (announced > BigInt(Math.min(MAX_HEADER, bytes.length - 8)))
    refuse(
      `the header claims ${announced} bytes, of ${bytes.length - 8} that follow and ${MAX_HEADER} allowed`,
    );
  const start = 8 + Number(announced);
  const { entries, metadata } = parseHeader(bytes.subarray(8, start));
  checkLayout(entries, bytes.length - start);
  // The `slice` of Node's Buffer copies nothing.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tensors = new Map(
    entries.map(({ name, dtype, shape, begin, end }): [string, StoredTensor] => {
      const { buffer } = plain.slice(start + begin, start + end);
      return [name, { dtype, shape, data: view(dtype, buffer) } as StoredTensor];
    }),
  );
  return { tensors, metadata };
}

function view(dtype: SafetensorsDType, buffer: ArrayBuffer): StoredTensor['data'] {
  switch (dtype) {
    case 'F64':
      return new Float64Array(buffer);
    case 'F32':
      return new Float32Array(buffer);
    case 'U32':
      return new Uint32Array(buffer);
    case 'I32':
      return new Int32Array(buffer);
    case 'U8':
    case 'BOOL':
      return new Uint8Array(buffer);
  }
}

function quote(text: string): string {
  // A lone surrogate has no UTF-8, and would come back as another name.
  if (/\p{Surrogate}/u.test(text)) refuse(`${JSON.stringify(text)} is no Unicode text`);
  return JSON.stringify(text);
}

function refuse(what: string): never {
  return fail('SAFETENSORS', `safetensors: ${what}.`);
}
