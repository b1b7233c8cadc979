import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gunzip, isGzip } from '../../data/gzip.ts';
import { coded } from './bytes.ts';

const content = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251);
const compressed = new Uint8Array(gzipSync(content));
const changed = (at: number): Uint8Array => compressed.map((byte, i) => (i === at ? byte ^ 1 : byte));
const extended = (...tail: readonly number[]): Uint8Array => Uint8Array.from([...compressed, ...tail]);

describe('gunzip', () => {
  it('gives the content back', async () => {
    expect(isGzip(compressed)).toBe(true);
    expect(await gunzip(compressed, 'f.gz', 5000)).toEqual(content);
  });

  it('refuses a file cut at any of several places', async () => {
    for (const length of [1, 2, 10, 17, 18, Math.floor(compressed.length / 2), compressed.length - 1])
      await expect(gunzip(compressed.subarray(0, length), 'f.gz', 5000)).rejects.toThrowError(
        coded('DATA_CORRUPT', /f\.gz/),
      );
  });

  it('refuses a flipped bit in the body, the checksum or the length', async () => {
    const { length } = compressed;
    for (const at of [length >> 1, length - 8, length - 2])
      await expect(gunzip(changed(at), 'f.gz', 5000)).rejects.toThrowError(coded('DATA_CORRUPT'));
  });

  it('refuses bytes after the end, zeros among them', async () => {
    const tails = [[0], [0, 0, 0, 0], Array<number>(512).fill(0), [1, 2, 3, 4, 5], [...compressed]];
    for (const tail of tails)
      await expect(gunzip(extended(...tail), 'f.gz', 50_000)).rejects.toThrowError(coded('DATA_CORRUPT'));
  });

  it('refuses a web page and shows how it begins', async () => {
    const page = new TextEncoder().encode('<html>Too many requests</html>');
    await expect(gunzip(page, 'f.gz', 5000)).rejects.toThrowError(
      coded('DATA_CORRUPT', /begins "<html>Too many requests<"/),
    );
  });

  it('refuses other bytes and shows them in hexadecimal', async () => {
    await expect(gunzip(Uint8Array.from([0x50, 0x4b, 3, 4]), 'f.gz', 5000)).rejects.toThrowError(
      coded('DATA_CORRUPT', /begins 50 4b 03 04/),
    );
  });

  it('refuses an empty file', async () => {
    await expect(gunzip(new Uint8Array(0), 'f.gz', 5000)).rejects.toThrowError(
      coded('DATA_CORRUPT', /empty/),
    );
  });

  it('stops at the limit instead of filling the memory', async () => {
    await expect(gunzip(compressed, 'f.gz', 4999)).rejects.toThrowError(
      coded('DATA_CORRUPT', /at most 4999 bytes/),
    );
    const bomb = new Uint8Array(gzipSync(new Uint8Array(50_000_000)));
    await expect(gunzip(bomb, 'bomb.gz', 1000)).rejects.toThrowError(coded('DATA_CORRUPT', /at most 1000/));
  });
});
