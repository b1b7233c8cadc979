import { describe, expect, it } from 'vitest';
import { streamTar, type TarFile } from '../../data/tar-stream.ts';
import { coded } from './bytes.ts';
import { tar, type TarEntry } from './tar-bytes.ts';

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function read(
  bytes: Uint8Array,
  { size = 100, limit = 5000, wanted = (name: string): boolean => name !== '' } = {},
): Promise<readonly TarFile[]> {
  const files: TarFile[] = [];
  for await (const file of streamTar(inPieces(bytes, size), 'a.tar', { wanted, limit })) files.push(file);
  return files;
}
/** What the reader says to an archive whose second entry is this. */
const refusal = (entry: TarEntry): Promise<string> =>
  read(tar({ name: 'sound' }, entry)).then(
    () => 'taken',
    (error: unknown) => String(error),
  );

const long = Uint8Array.from({ length: 1300 }, (_, i) => i % 251);

describe('the reader of tar streams', () => {
  it('gives the wanted files in order, however the stream is cut, and passes the others over', async () => {
    const archive = tar(
      { name: './folder/', kind: '5' },
      { name: './folder/a', content: long },
      { name: 'pax', content: new TextEncoder().encode('20 mtime=1.0\n'), kind: 'x' },
      { name: 'empty' },
      { name: 'large', content: new Uint8Array(9000) },
      { name: 'b', content: long.subarray(0, 512) },
    );
    for (const size of [1, 100, 512, 700, 1e6]) {
      const files = await read(archive, { size, wanted: (name) => name !== 'large' });
      expect(files.map(({ name }) => name)).toEqual(['folder/a', 'empty', 'b']);
      expect(files[0]?.content).toEqual(long);
      expect(files[2]?.content).toEqual(long.subarray(0, 512));
    }
  });

  it('refuses a cut archive, with the place', async () => {
    const archive = tar({ name: 'a', content: long });
    for (const [length, message] of [
      [0, /expected a header.* at byte 0/],
      [300, /expected a header/],
      [1000, /1300 bytes of "a" at byte 1000.*cut short/],
      [2048, /expected a header.* at byte 2048/],
    ] as const)
      await expect(read(archive.subarray(0, length))).rejects.toThrowError(coded('DATA_CORRUPT', message));
  });

  it('refuses what the reader of whole archives refuses, and wanted files above the limit', async () => {
    expect(await refusal({ name: 'a', kind: '2' })).toMatch(/symbolic link/);
    expect(await refusal({ name: '../a' })).toMatch(/inside the archive/);
    expect(await refusal({ name: 'a', checksum: 1 })).toMatch(/checksum/);
    expect(await refusal({ name: 'a', content: new Uint8Array(5001) })).toMatch(
      /at most 5000 bytes, found 5001 bytes of "a"/,
    );
  });

  it('ends its source, also when it is left early', async () => {
    let ended = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield* inPieces(tar({ name: 'a' }, { name: 'b' }), 512);
      } finally {
        ended = true;
      }
    }
    for await (const { name } of streamTar(source(), 'a.tar', { wanted: () => true, limit: 1 })) {
      expect(name).toBe('a');
      break;
    }
    expect(ended).toBe(true);
  });
});
