import { describe, expect, it } from 'vitest';
import { load } from '../../data/index.ts';
import { procedural } from '../../data/procedural.ts';
import { heldOutAccuracy } from './perceptron.ts';

describe('the procedural data set', () => {
  it('has the same bytes on every platform', async () => {
    const { hashes } = await load('procedural', { train: 50, test: 20 });
    expect(hashes).toEqual({
      train: '220c4ff758bde23aa83c2b66c1bba0b352f8b55fc558a1dcff006b1830df79ea',
      test: '1ca0e57e0145cff8ba98c637994caac41b9a01733d22b2c6bd864185a808da42',
    });
    const colour = await load('procedural', { train: 20, test: 10, size: 32, channels: 3, seed: 5 });
    expect(colour.hashes).toEqual({
      train: 'f73b7863cd1c443653d2264bd8ff4aa3e68eb02dde2a84035b191787007cd3d5',
      test: '92f9b594ff99e4fa2412821c1a246530df3c766e09ea993957d6b4f92c8b599b',
    });
  });

  it('begins alike at every size: image i depends on the seed, the part and i alone', () => {
    const large = procedural({ part: 'train', count: 57, seed: 3 });
    const small = procedural({ part: 'train', count: 23, seed: 3 });
    expect(large.images.subarray(0, 23 * 784)).toEqual(small.images);
    expect(large.labels.subarray(0, 23)).toEqual(small.labels);
  });

  it('differs between seeds and between parts', () => {
    const one = procedural({ part: 'train', count: 10, seed: 0 });
    expect(procedural({ part: 'train', count: 10, seed: 1 }).images).not.toEqual(one.images);
    expect(procedural({ part: 'train', count: 10, seed: 2 ** 32 }).images).not.toEqual(one.images);
    expect(procedural({ part: 'test', count: 10, seed: 0 }).images).not.toEqual(one.images);
  });

  it('holds every class once in each block of ten, in different orders', () => {
    const { labels } = procedural({ part: 'test', count: 40 });
    const blocks = [0, 1, 2, 3].map((block) => [...labels.subarray(10 * block, 10 * block + 10)]);
    for (const block of blocks) expect(block.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(new Set(blocks.map(String)).size).toBe(4);
  });

  it('draws other sizes and numbers of channels', () => {
    const set = procedural({ part: 'train', count: 3, size: 32, channels: 3 });
    expect(set.images.length).toBe(3 * 32 * 32 * 3);
    expect([set.height, set.width, set.channels]).toEqual([32, 32, 3]);
  });

  it('uses the whole range of bytes, dark ink on light paper now and then', () => {
    const { images, count } = procedural({ part: 'train', count: 500 });
    const means = Array.from({ length: count }, (_, i) => {
      const image = images.subarray(784 * i, 784 * (i + 1));
      return image.reduce((sum, byte) => sum + byte, 0) / 784;
    });
    const light = means.filter((mean) => mean > 128).length / count;
    expect(light).toBeGreaterThan(0.1);
    expect(light).toBeLessThan(0.3);
    expect(Math.min(...images.subarray(0, 50_000))).toBe(0);
    expect(Math.max(...images.subarray(0, 50_000))).toBe(255);
  });

  it('refuses counts, sizes and seeds that are not sensible integers', () => {
    const bad = [
      { count: -1 },
      { count: 1.5 },
      { seed: -1 },
      { seed: 2 ** 53 },
      { size: 4 },
      { channels: 0 },
    ];
    for (const options of bad)
      expect(() => procedural({ part: 'train', count: 1, ...options })).toThrowError(
        expect.objectContaining({ code: 'DATA_INVALID' }),
      );
  });

  it('keeps a linear classifier under 80 % on unseen images', () => {
    const train = procedural({ part: 'train', count: 10_000 });
    const test = procedural({ part: 'test', count: 2_000 });
    const accuracy = heldOutAccuracy(train, test, [], 6);
    expect(accuracy).toBeLessThan(0.8);
    expect(accuracy).toBeGreaterThan(0.6);
  });
});
