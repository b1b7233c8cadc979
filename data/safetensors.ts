/**
 * The safetensors format: named arrays in one file, which other programs read (Python: `safetensors`).
 *
 *   8 bytes    N, the length of the header, little-endian
 *   N bytes    JSON: {"name": {"dtype", "shape", "data_offsets": [begin, end]}, …, "__metadata__": {"key": "text"}}
 *   the rest   the arrays, each where its offsets say, counted from here; without gaps and without overlap
 *
 * What is written is, byte for byte, what Python's writer makes of the same arrays and the same single key of metadata.
 * What is read is trusted in nothing: see `safetensors-header.ts`. Arrays are taken as bytes, so that every bit is
 * kept, that of a NaN included; the order of their bytes is that of every machine with WebGPU, little-endian. Only dtypes that JavaScript
 * has no array of numbers for are converted, and without loss.
 */
import { fail, LangevinError } from '../engine/graph/errors.ts';
import { preview } from './corrupt.ts';
import {
  checkLayout,
  METADATA,
  MAX_HEADER,
  parseHeader,
  WIDTHS,
  type SafetensorsDType,
  type WrittenDType,
} from './safetensors-header.ts';
import { convertStored, type ConvertedArrays } from './safetensors-convert.ts';

export type { SafetensorsDType, WrittenDType } from './safetensors-header.ts';

/** One array of a file. */
export type StoredTensor = {
  [D in keyof StoredArrays]: {
    readonly dtype: D;
    readonly shape: readonly number[];
    readonly data: StoredArrays[D];
  };
}[keyof StoredArrays];

/** What the elements of each dtype are held in. */
export interface StoredArrays extends ConvertedArrays {
  readonly F64: Float64Array;
  readonly F32: Float32Array;
  readonly U32: Uint32Array;
  readonly I32: Int32Array;
  readonly U8: Uint8Array;
  readonly BOOL: Uint8Array;
  readonly I16: Int16Array;
  readonly U16: Uint16Array;
  readonly I8: Int8Array;
}

/** What a file holds. */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** As Python's writer orders them: wide elements first, so that every array is aligned, then by name. */
const ORDER: readonly WrittenDType[] = ['F64', 'F32', 'U32', 'I32', 'U8', 'BOOL'];

/**
 * The bytes of a file.
 * @throws SAFETENSORS if an array does not fill its shape, or a name or dtype cannot be written
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort(
    ([a, { dtype: left }], [b, { dtype: right }]) => placeOf(left) - placeOf(right) || (a < b ? -1 : 1),
  );
  let end = 0;
  const entries = sorted.map(([name, { dtype, shape, data }]): string => {
    if (name === METADATA) refuse(`no tensor can have the name ${METADATA}`);
    if (placeOf(dtype) < 0)
      refuse(`'${name}' is ${dtype}, which is read and not written: take one of ${ORDER.join(', ')}`);
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

const placeOf = (dtype: SafetensorsDType): number => (ORDER as readonly SafetensorsDType[]).indexOf(dtype);

/**
 * What the bytes hold, after every check that the format asks for. Arrays are views of the bytes where they are aligned there, else copies, and
 * those that are converted are made when they are first looked at; so of a large file no more is held twice than is used.
 * @param file what errors call it, where it was not written here but came from a user
 * @throws SAFETENSORS naming what is wrong, and where; by the `data` of a tensor, if its numbers are beyond those of float64
 */
export function decodeSafetensors(bytes: Uint8Array, file?: string): SafetensorsFile {
  try {
    return decode(bytes);
  } catch (error) {
    if (file === undefined || !(error instanceof LangevinError)) throw error;
    return fail(error.code, `${file}: ${error.message} Fetch the file again, or name another.`, {
      cause: error,
    });
  }
}

function decode(bytes: Uint8Array): SafetensorsFile {
  if (bytes.length < 8) refuse(`a file has at least 8 bytes, this one ${bytes.length}`);
  // Compared as a BigInt: nothing is allocated, and no number rounded, before the length is known to be one.
  const announced = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (announced > BigInt(Math.min(MAX_HEADER, bytes.length - 8)))
    refuse(
      `the header claims ${announced} bytes, of ${bytes.length - 8} that follow and ${MAX_HEADER} allowed; ${preview(bytes)}`,
    );
  const start = 8 + Number(announced);
  const { entries, metadata } = parseHeader(bytes.subarray(8, start));
  checkLayout(entries, bytes.length - start);
  const tensors = new Map(
    entries.map(({ name, dtype, shape, begin, end }): [string, StoredTensor] => {
      const data = arrayOf(name, dtype, bytes.subarray(start + begin, start + end));
      return [name, stored(dtype, shape, data)];
    }),
  );
  return { tensors, metadata };
}

/** With `data` as a property that is there, or is made once when it is read. */
function stored(
  dtype: SafetensorsDType,
  shape: readonly number[],
  data: StoredTensor['data'] | (() => StoredTensor['data']),
): StoredTensor {
  if (typeof data !== 'function') return { dtype, shape, data } as StoredTensor;
  let made: StoredTensor['data'] | undefined;
  return {
    dtype,
    shape,
    get data() {
      return (made ??= data());
    },
  } as StoredTensor;
}

/** The elements, or how to make them. */
function arrayOf(
  name: string,
  dtype: SafetensorsDType,
  bytes: Uint8Array,
): StoredTensor['data'] | (() => StoredTensor['data']) {
  switch (dtype) {
    case 'F64':
      return view(Float64Array, bytes);
    case 'F32':
      return view(Float32Array, bytes);
    case 'U32':
      return view(Uint32Array, bytes);
    case 'I32':
      return view(Int32Array, bytes);
    case 'I16':
      return view(Int16Array, bytes);
    case 'U16':
      return view(Uint16Array, bytes);
    case 'I8':
      return view(Int8Array, bytes);
    case 'U8':
    case 'BOOL':
      return view(Uint8Array, bytes);
    case 'I64':
    case 'U64':
    case 'F16':
    case 'BF16':
      return () => convertStored(name, dtype, bytes);
  }
}

type ArrayClass<A> = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, length: number): A;
};

function view<A>(array: ArrayClass<A>, bytes: Uint8Array): A {
  const width = array.BYTES_PER_ELEMENT;
  // The `slice` of Node's Buffer copies nothing.
  const at = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  return new array(at.buffer, at.byteOffset, at.byteLength / width);
}

function quote(text: string): string {
  // A lone surrogate has no UTF-8, and would come back as another name.
  if (/\p{Surrogate}/u.test(text)) refuse(`${JSON.stringify(text)} is no Unicode text`);
  return JSON.stringify(text);
}

function refuse(what: string): never {
  return fail('SAFETENSORS', `safetensors: ${what}.`);
}
