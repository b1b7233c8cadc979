import { fc } from '../property.ts';
import { expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../../data/safetensors.ts';

/**
 * Made by safetensors 0.8.0 of Python: `save(tensors, metadata={'format': 'np'})` of safetensors.numpy, with the tensors
 * of `tensors` below.
 */
const PYTHON =
  'CAIAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJucCJ9LCJleGFjdCI6eyJkdHlwZSI6IkY2NCIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzAsOF19LCJlbXB0eSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMCwzXSwiZGF0YV9vZmZzZXRzIjpbOCw4XX0sInBhcmFtcy8wL2JpYXMiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOls4LDIwXX0sInBhcmFtcy8wL3dlaWdodCI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMiwzXSwiZGF0YV9vZmZzZXRzIjpbMjAsNDRdfSwia2V5Ijp7ImR0eXBlIjoiVTMyIiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbNDQsNTJdfSwic3RlcCI6eyJkdHlwZSI6IkkzMiIsInNoYXBlIjpbXSwiZGF0YV9vZmZzZXRzIjpbNTIsNTZdfSwiYnl0ZXMiOnsiZHR5cGUiOiJVOCIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzU2LDU4XX0sIm1hc2siOnsiZHR5cGUiOiJCT09MIiwic2hhcGUiOlszXSwiZGF0YV9vZmZzZXRzIjpbNTgsNjFdfX0gICAgmpmZmZmZuT8AAAA/AACAvwAAwH8AAAAAAACAPwAAAEAAAEBAAACAQAAAoEABAAAA/////wcAAAAB/wEAAQ==';

const tensors = new Map<string, StoredTensor>([
  ['params/0/bias', { dtype: 'F32', shape: [3], data: Float32Array.of(0.5, -1, NaN) }],
  ['params/0/weight', { dtype: 'F32', shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) }],
  ['step', { dtype: 'I32', shape: [], data: Int32Array.of(7) }],
  ['key', { dtype: 'U32', shape: [2], data: Uint32Array.of(1, 0xffffffff) }],
  ['mask', { dtype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ['bytes', { dtype: 'U8', shape: [2], data: Uint8Array.of(1, 255) }],
  ['exact', { dtype: 'F64', shape: [1], data: Float64Array.of(0.1) }],
  ['empty', { dtype: 'F32', shape: [0, 3], data: new Float32Array() }],
]);

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

/** A file with this header and this many zeros behind it. */
function file(header: string | Uint8Array, body: number = 0, length?: bigint): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + body);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

/** A header with one F32 tensor `a` at these offsets. */
const entry = (offsets: string, shape: string = '[1]', dtype: string = 'F32'): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

test('what is written is, byte for byte, what the writer of Python writes', () => {
  expect(encodeSafetensors(tensors, new Map([['format', 'np']]))).toEqual(bytesOf(PYTHON));
});

test('what Python has written is read', () => {
  const { tensors: read, metadata } = decodeSafetensors(bytesOf(PYTHON));
  expect(read).toEqual(tensors);
  expect(metadata).toEqual(new Map([['format', 'np']]));
});

const name = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom('__proto__', 'constructor', '', '"', '\\', 'a/b', '\u2028', '0'),
);
const stored = fc
  .record({
    dtype: fc.constantFrom('F64', 'F32', 'U32', 'I32', 'U8', 'BOOL' as const),
    shape: fc.array(fc.nat(3), { maxLength: 3 }),
    seed: fc.nat(255),
  })
  .map(({ dtype, shape, seed }): StoredTensor => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    // Arbitrary bits, so NaNs with payloads too.
    const bits = Uint8Array.from(
      { length: 8 * size },
      (_, k) => (seed * 31 + k * 89 + ((k * k) >> 3)) & 255,
    ).buffer;
    const arrays = {
      F64: Float64Array,
      F32: Float32Array,
      U32: Uint32Array,
      I32: Int32Array,
      U8: Uint8Array,
    };
    const data = new arrays[dtype === 'BOOL' ? 'U8' : dtype](bits, 0, size);
    return { dtype, shape, data } as StoredTensor;
  });
const files = fc.tuple(
  fc.uniqueArray(fc.tuple(name, stored), { maxLength: 4, selector: ([key]) => key }),
  fc.uniqueArray(fc.tuple(name, name), { maxLength: 3, selector: ([key]) => key }),
);

const bitsOf = ({ data }: StoredTensor): number[] => [
  ...new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
];

test('every map of tensors and of texts is read as it was written, with every bit and at any alignment', () => {
  fc.assert(
    fc.property(files, fc.nat(7), ([entries, texts], shift) => {
      const bytes = encodeSafetensors(new Map(entries), new Map(texts));
      const shifted = new Uint8Array(bytes.length + shift).subarray(shift);
      shifted.set(bytes);
      const read = decodeSafetensors(shifted);
      expect(read.metadata).toEqual(new Map(texts));
      expect(read.tensors.size).toBe(entries.length);
      for (const [key, tensor] of entries) {
        const found = read.tensors.get(key) as StoredTensor;
        expect([found.dtype, found.shape, bitsOf(found)]).toEqual([
          tensor.dtype,
          tensor.shape,
          bitsOf(tensor),
        ]);
      }
    }),
  );
});

function readOr(
  bytes: Uint8Array,
  refused: (error: unknown) => void,
): ReadonlyMap<string, StoredTensor> | undefined {
  try {
    return decodeSafetensors(bytes).tensors;
  } catch (error) {
    refused(error);
    return undefined;
  }
}

test('whatever byte is changed, the file is refused or at most one tensor is not what it was', () => {
  const bytes = encodeSafetensors(tensors, new Map([['format', 'np']]));
  const codes = new Set<string>();
  for (let at = 0; at < bytes.length; at++)
    for (const flip of [1, 2, 16, 128, 255]) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ flip;
      const read = readOr(changed, (error) => codes.add(String((error as { readonly code?: string }).code)));
      if (!read) continue;
      const different = [...tensors].filter(([key, tensor]) => {
        const found = read.get(key);
        return !found || String(bitsOf(found)) !== String(bitsOf(tensor)) || found.dtype !== tensor.dtype;
      });
      expect(different.length).toBeLessThanOrEqual(1);
    }
  expect([...codes]).toEqual(['SAFETENSORS']);
});

test('a file that is cut anywhere is refused', () => {
  const bytes = encodeSafetensors(tensors);
  for (let length = 0; length < bytes.length; length++)
    expect(() => decodeSafetensors(bytes.subarray(0, length))).toThrow(
      expect.objectContaining({ code: 'SAFETENSORS' }),
    );
});

test.each<[string, Uint8Array, string]>([
  ['of seven bytes', new Uint8Array(7), 'at least 8 bytes'],
  ['whose header is longer than the file', file('{}', 0, 3n), 'claims 3 bytes'],
  ['whose header claims 100 MB and a byte', file('{}', 0, 100_000_001n), 'claims 100000001 bytes'],
  ['whose header claims 2⁶⁴ − 1 bytes', file('{}', 0, 2n ** 64n - 1n), 'claims 18446744073709551615'],
  ['whose header is not UTF-8', file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), 'not UTF-8'],
  ['with a byte order mark', file('\ufeff{}'), 'not UTF-8'],
  ['whose header is empty', file(''), 'not JSON'],
  ['whose header is cut', file('{"a":'), 'not JSON'],
  ['whose header is followed by text', file('{}x'), 'not JSON'],
  ['whose header is an array', file('[]'), 'no object'],
  ['whose header is null', file('null'), 'no object'],
  ['with a name twice', file(`{"a":${entry('[0,4]')},"a":${entry('[0,4]')}}`, 4), 'there twice'],
  [
    'with a name twice, once escaped',
    file(`{"a":${entry('[0,4]')},"\\u0061":${entry('[0,4]')}}`, 4),
    'there twice',
  ],
  [
    'with a field twice',
    file(`{"a":{"dtype":"F32","dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4),
    'there twice',
  ],
  ['with metadata twice', file('{"__metadata__":{},"__metadata__":{}}'), 'there twice'],
  ['with metadata that is no object', file('{"__metadata__":[]}'), 'is no object'],
  ['with metadata that is no text', file('{"__metadata__":{"a":1}}'), "'a' is no text"],
  ['with a tensor that is no object', file('{"a":4}'), "'a' is no object"],
  ['with an unknown dtype', file(`{"a":${entry('[0,4]', '[1]', 'F31')}}`, 4), 'F31'],
  ['with a dtype from the prototype', file(`{"a":${entry('[0,4]', '[1]', 'toString')}}`, 4), 'toString'],
  ['with a fractional extent', file(`{"a":${entry('[0,4]', '[0.5]')}}`, 4), '0.5 is no whole number'],
  ['with a negative extent', file(`{"a":${entry('[0,4]', '[-1]')}}`, 4), '-1 is no whole number'],
  ['with an extent that is text', file(`{"a":${entry('[0,4]', '["1"]')}}`, 4), 'has the shape'],
  ['without a shape', file(`{"a":{"dtype":"F32","data_offsets":[0,4]}}`, 4), 'has the shape'],
  ['with one offset', file(`{"a":${entry('[4]')}}`, 4), 'has the offsets'],
  ['with three offsets', file(`{"a":${entry('[0,4,4]')}}`, 4), 'has the offsets'],
  ['with an offset beyond 2⁵³', file(`{"a":${entry('[0,9007199254740993]')}}`, 4), 'has the offsets'],
  ['with an offset written 4.0', file(`{"a":${entry('[0,4.0]')}}`, 4), '4.0 is no whole number'],
  ['with an offset written 4e0', file(`{"a":${entry('[0,4e0]')}}`, 4), '4e0 is no whole number'],
  ['with reversed offsets', file(`{"a":${entry('[4,0]')}}`, 4), 'span -4'],
  [
    'whose shape does not fill its offsets',
    file(`{"a":${entry('[0,4]', '[2]')}}`, 4),
    '8 bytes, but its offsets span 4',
  ],
  [
    'whose shape has more elements than any number',
    file(`{"a":${entry('[0,0]', '[4294967296,4294967296,0]')}}`),
    'more bytes than a number',
  ],
  ['whose tensors overlap', file(`{"a":${entry('[0,4]')},"b":${entry('[0,4]')}}`, 4), 'overlap'],
  [
    'whose tensors overlap in part',
    file(`{"a":${entry('[0,8]', '[2]')},"b":${entry('[4,8]')}}`, 8),
    'overlap',
  ],
  [
    'with a hole between its tensors',
    file(`{"a":${entry('[0,4]')},"b":${entry('[8,12]')}}`, 12),
    'leave a hole',
  ],
  ['with a hole before its tensors', file(`{"a":${entry('[4,8]')}}`, 8), 'leave a hole'],
  ['with bytes behind its tensors', file(`{"a":${entry('[0,4]')}}`, 5), 'take 4 bytes, and 5 follow'],
  ['that ends within its tensors', file(`{"a":${entry('[0,4]')}}`, 3), 'take 4 bytes, and 3 follow'],
])('a file %s is refused', (_what, bytes, message) => {
  expect(() => decodeSafetensors(bytes)).toThrow(
    expect.objectContaining({ code: 'SAFETENSORS', message: expect.stringContaining(message) as string }),
  );
});

test.each([
  ['before', `  \n\t{"a":${entry('[0,4]')}}`],
  ['behind', `{"a":${entry('[0,4]')}}  \n\t`],
])('white space %s the header is accepted, and never written before it', (_where, header) => {
  expect(decodeSafetensors(file(header, 4)).tensors.get('a')?.data).toEqual(new Float32Array(1));
  expect(encodeSafetensors(tensors)[8]).toBe('{'.charCodeAt(0));
});

test('names from the prototype are names like any other', () => {
  const header = `{"__proto__":${entry('[0,4]')},"constructor":${entry('[4,8]')},"__metadata__":{"__proto__":"x"}}`;
  const { tensors: read, metadata } = decodeSafetensors(file(header, 8));
  expect([...read.keys()]).toEqual(['__proto__', 'constructor']);
  expect([...metadata]).toEqual([['__proto__', 'x']]);
  expect(({} as { readonly dtype?: unknown }).dtype).toBeUndefined();
});

test.each<[string, Map<string, StoredTensor>]>([
  [
    'a tensor named __metadata__',
    new Map([['__metadata__', { dtype: 'U8', shape: [0], data: new Uint8Array() }]]),
  ],
  [
    'a name with half a surrogate pair',
    new Map([['\ud800', { dtype: 'U8', shape: [0], data: new Uint8Array() }]]),
  ],
  [
    'an array that does not fill its shape',
    new Map([['a', { dtype: 'U8', shape: [2], data: new Uint8Array(1) }]]),
  ],
  [
    'an array of a dtype that is only read',
    new Map([['a', { dtype: 'I64', shape: [1], data: new Float64Array(1) }]]),
  ],
  [
    'an array of another width',
    new Map([['a', { dtype: 'F32', shape: [1], data: new Float64Array(1) } as unknown as StoredTensor]]),
  ],
])('%s is not written', (_what, map) => {
  expect(() => encodeSafetensors(map)).toThrow(expect.objectContaining({ code: 'SAFETENSORS' }));
});

/** A file with one tensor of this dtype and these bytes, at an odd place. */
function stray(dtype: string, ...bytes: readonly number[]): Uint8Array {
  const width = dtype.includes('64') ? 8 : dtype.endsWith('8') ? 1 : 2;
  const header =
    `{"pad":${entry('[0,1]', '[1]', 'U8')},` +
    `"a":${entry(`[1,${1 + bytes.length}]`, `[${bytes.length / width}]`, dtype)}}`;
  const whole = file(header, 1 + bytes.length);
  whole.set(bytes, whole.length - bytes.length);
  return whole;
}
const read = (bytes: Uint8Array): number[] => [...decodeSafetensors(bytes).tensors.get('a')!.data];

test('what other programs keep in 64, 16 and 8 bits is read as numbers, every one exactly', () => {
  expect(read(stray('I64', 2, 0, 0, 0, 0, 0, 0, 0, 254, 255, 255, 255, 255, 255, 255, 255))).toEqual([2, -2]);
  expect(read(stray('U64', 255, 255, 255, 255, 255, 255, 31, 0))).toEqual([2 ** 53 - 1]);
  // 1, -2, the largest, the smallest, infinity, NaN
  expect(read(stray('F16', 0, 0x3c, 0, 0xc0, 0xff, 0x7b, 1, 0, 0, 0xfc, 1, 0x7c))).toEqual([
    1,
    -2,
    65504,
    2 ** -24,
    -Infinity,
    NaN,
  ]);
  expect(read(stray('BF16', 0x80, 0x3f, 0x49, 0xc0, 0x80, 0x7f))).toEqual([1, -3.140625, Infinity]);
  expect(read(stray('I16', 254, 255))).toEqual([-2]);
  expect(read(stray('U16', 254, 255))).toEqual([65534]);
  expect(read(stray('I8', 254))).toEqual([-2]);
});

test('an integer beyond 2⁵³ is refused when it is looked at, and does not hinder the rest of its file', () => {
  const { tensors: found } = decodeSafetensors(stray('I64', 1, 0, 0, 0, 0, 0, 32, 0));
  expect(found.get('pad')?.data).toEqual(Uint8Array.of(0));
  expect(() => found.get('a')?.data).toThrow(
    expect.objectContaining({
      code: 'SAFETENSORS',
      message: expect.stringContaining("'a' holds 9007199254740993") as string,
    }),
  );
});

test('what was converted is made once', () => {
  const tensor = decodeSafetensors(stray('F16', 0, 0x3c)).tensors.get('a')!;
  expect(tensor.data).toBe(tensor.data);
});

test('a file of a user is named, and what it is instead is shown', () => {
  const pointer = new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a');
  expect(() => decodeSafetensors(pointer, 'bert/model.safetensors')).toThrow(
    expect.objectContaining({
      code: 'SAFETENSORS',
      message: expect.stringMatching(
        /^bert\/model\.safetensors: .*it begins "version https:\/\/git-lfs.*Fetch the file again/,
      ) as string,
    }),
  );
});
