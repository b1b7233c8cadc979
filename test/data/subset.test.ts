import { describe, expect, it } from 'vitest';
import { checkImageSet, selectExamples, type ImageSet } from '../../data/dataset.ts';
import { averagePool2 } from '../../data/pool.ts';
import { procedural } from '../../data/procedural.ts';
import { balancedSubset, subset } from '../../data/subset.ts';
import { coded } from './bytes.ts';

/** Ten 1x1 images whose pixel is their index, in two classes, seven and three strong. */
const ten: ImageSet = {
  name: 'ten',
  images: Uint8Array.from({ length: 10 }, (_, i) => i),
  labels: Uint8Array.from([0, 0, 1, 0, 0, 1, 0, 0, 1, 0]),
  count: 10,
  height: 1,
  width: 1,
  channels: 1,
  classes: ['a', 'b'],
};

describe('a subset', () => {
  it('keeps images with their labels, each at most once', () => {
    const part = subset(ten, 6, 3);
    expect(part.count).toBe(6);
    expect(new Set(part.images).size).toBe(6);
    part.images.forEach((pixel, i) => expect(part.labels[i]).toBe(ten.labels[pixel]));
  });

  it('of fewer examples is the beginning of a subset of more', () => {
    expect(subset(ten, 8, 3).images.subarray(0, 5)).toEqual(subset(ten, 5, 3).images);
    expect(subset(ten, 10, 3).images).not.toEqual(subset(ten, 10, 4).images);
  });

  it('that is balanced has each class equally often, earlier classes one more when it does not divide', () => {
    const counts = (set: ImageSet): number[] =>
      [0, 1].map((label) => set.labels.filter((l) => l === label).length);
    expect(counts(balancedSubset(ten, 6, 0))).toEqual([3, 3]);
    expect(counts(balancedSubset(ten, 5, 0))).toEqual([3, 2]);
    expect(() => balancedSubset(ten, 8, 0)).toThrowError(coded('DATA_INVALID', /1 more examples of class b/));
  });

  it('that is balanced is a function of the seed, and of fewer examples the beginning of each class', () => {
    const images = (count: number, seed: number): number[] => [...balancedSubset(ten, count, seed).images];
    expect(images(6, 1)).toEqual(images(6, 1));
    const seeds = Array.from({ length: 20 }, (_, seed) => images(4, seed).join());
    expect(new Set(seeds).size).toBeGreaterThan(10);
    expect(images(6, 1)).toEqual(expect.arrayContaining(images(4, 1)));
  });

  it('that is balanced names the class that the set has none of', () => {
    const absent = { ...ten, classes: ['a', 'b', 'zebra'] };
    expect(() => balancedSubset(absent, 6, 0)).toThrowError(
      coded('DATA_INVALID', /ten has no example of class zebra/),
    );
    // The first classes have one example more, so a count below the number of classes needs the first ones alone.
    expect(balancedSubset(absent, 2, 0).labels.toSorted()).toEqual(Uint8Array.of(0, 1));
  });

  it('is refused when it asks for more examples than there are, or none', () => {
    for (const count of [0, 11, 2.5]) {
      expect(() => subset(ten, count, 0)).toThrowError(coded('DATA_INVALID', /from 1 to 10/));
      expect(() => balancedSubset(ten, count, 0)).toThrowError(coded('DATA_INVALID', /from 1 to 10/));
    }
  });

  it('by indices refuses an index outside the set', () => {
    expect([...selectExamples(ten, [9, 0, 9], 'x').images]).toEqual([9, 0, 9]);
    for (const index of [-1, 10, 0.5])
      expect(() => selectExamples(ten, [index], 'x')).toThrowError(coded('DATA_INVALID'));
  });
});

describe('pooling', () => {
  it('averages blocks of 2x2 per channel and rounds halves up', () => {
    const set: ImageSet = {
      ...ten,
      images: Uint8Array.from([0, 100, 1, 100, 9, 0, 9, 0, 1, 100, 0, 100, 9, 255, 10, 255]),
      labels: Uint8Array.from([0]),
      count: 1,
      height: 2,
      width: 4,
      channels: 2,
    };
    const pooled = averagePool2(set);
    expect([...pooled.images]).toEqual([1, 100, 9, 128]);
    expect([pooled.height, pooled.width]).toEqual([1, 2]);
  });

  it('makes 16x16 of 32x32 in colour, channel by channel', () => {
    const set = procedural({ part: 'train', count: 2, size: 32, channels: 3 });
    const pooled = averagePool2(set);
    expect([pooled.height, pooled.width, pooled.channels, pooled.images.length]).toEqual([16, 16, 3, 1536]);
    const at = (image: number, row: number, column: number, channel: number): number =>
      set.images[((image * 32 + row) * 32 + column) * 3 + channel] ?? NaN;
    pooled.images.forEach((byte, i) => {
      const [image, row, column, channel] = [i / 768, (i / 48) % 16, (i / 3) % 16, i % 3].map(Math.floor) as [
        number,
        number,
        number,
        number,
      ];
      const block = [0, 1].flatMap((r) => [0, 1].map((c) => at(image, 2 * row + r, 2 * column + c, channel)));
      expect(byte).toBe(Math.round(block.reduce((sum, x) => sum + x, 0) / 4));
    });
  });

  it('never mixes two images', () => {
    const set = procedural({ part: 'train', count: 3 });
    const second = averagePool2(selectExamples(set, [1], 'second'));
    expect(averagePool2(set).images.subarray(196, 392)).toEqual(second.images);
  });

  it('refuses an odd side', () => {
    expect(() => averagePool2(ten)).toThrowError(coded('DATA_INVALID', /even, found 1x1/));
  });
});

describe('an image set', () => {
  it('is refused when its arrays do not fit its dimensions or its classes', () => {
    expect(checkImageSet(ten)).toBe(ten);
    const wrong: Partial<ImageSet>[] = [
      { count: 9 },
      { width: 2 },
      { height: 0 },
      { channels: 1.5 },
      { classes: ['a'] },
    ];
    for (const change of wrong)
      expect(() => checkImageSet({ ...ten, ...change })).toThrowError(coded('DATA_INVALID'));
    expect(() => checkImageSet({ ...ten, labels: new Uint8Array(9) })).toThrowError(
      coded('DATA_INVALID', /expected 10 labels, found 9/),
    );
  });
});
