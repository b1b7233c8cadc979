import { describe, expect, it } from 'vitest';
import { averagePool2, load, type ImageSet } from '../../data/index.ts';
import { procedural } from '../../data/procedural.ts';
import { colourHashes, proceduralHashes } from './bytes.ts';
import { heldOutAccuracy } from './perceptron.ts';

describe('the procedural data set', () => {
  it('has the same bytes on every platform', async () => {
    const { hashes } = await load('procedural', { train: 50, test: 20 });
    expect(hashes).toEqual(proceduralHashes);
    const colour = await load('procedural', { train: 20, test: 10, size: 32, channels: 3, seed: 5 });
    expect(colour.hashes).toEqual(colourHashes);
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
    for (const block of blocks)
      expect(block.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(new Set(blocks.map(String)).size).toBe(4);
  });

  it('draws other sizes and numbers of channels', () => {
    const set = procedural({ part: 'train', count: 3, size: 32, channels: 3 });
    expect(set.images.length).toBe(3 * 32 * 32 * 3);
    expect([set.height, set.width, set.channels]).toEqual([32, 32, 3]);
  });

  it('in colour keeps the class from the colour: the mean colour tells hardly more than chance', () => {
    const meanColours = (part: 'train' | 'test', count: number): ImageSet => {
      let set = procedural({ part, count, size: 32, channels: 3 });
      while (set.width > 1) set = averagePool2(set);
      return set;
    };
    const accuracy = heldOutAccuracy(meanColours('train', 1000), meanColours('test', 500), [16], 20);
    expect(accuracy).toBeLessThan(0.2);
  });

  it('in colour has papers of its own: smooth patches that differ between corners and between channels', () => {
    const { images, count } = procedural({ part: 'train', count: 100, size: 32, channels: 3 });
    const spread = (difference: (image: number) => number): number =>
      Math.sqrt(
        Array.from({ length: count }, (_, i) => difference(3072 * i) ** 2).reduce((a, b) => a + b) / count,
      );
    const at = (byte: number): number => images[byte] ?? NaN;
    const near = spread((image) => at(image) - at(image + 3));
    const far = spread((image) => at(image) - at(image + 31 * 96));
    const tint = spread((image) => at(image) - at(image + 1));
    expect(near).toBeLessThan(40);
    expect(far).toBeGreaterThan(1.5 * near);
    expect(tint).toBeGreaterThan(1.5 * near);
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
});
