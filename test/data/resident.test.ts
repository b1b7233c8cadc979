import { beforeAll, describe, expect, it } from 'vitest';
import {
  gatherBatch,
  gatherImages,
  resident,
  selectExamples,
  standardization,
  type ImageSet,
  type Standardization,
} from '../../data/index.ts';
import { add, init, tensor } from '../../engine/index.ts';
import { coded } from './bytes.ts';
import { colour, odd, residentContract } from './resident-contract.ts';

beforeAll(() => init({ backend: 'reference' }));

describe('a resident set on the reference backend', () => {
  residentContract((byte) => byte * (1 / 255));

  it('takes a word of four bytes for each started group of four', () => {
    const { words, labels } = resident(odd).tensors;
    expect(words.map(({ shape, dtype }) => [shape, dtype])).toEqual([[[4, 2], 'u32']]);
    expect([labels.shape, labels.dtype]).toEqual([[4], 'i32']);
  });

  it('refuses an index outside the set, in one tensor or in several', async () => {
    for (const blockBytes of [100, 16, 8])
      for (const index of [4, -1]) {
        const set = resident(odd, { blockBytes });
        const images = async (): Promise<unknown> =>
          gatherBatch(set, add(tensor(Int32Array.of(0, index)), 0)).images.data();
        await expect(images()).rejects.toThrowError(coded('INDEX_OUT_OF_RANGE'));
      }
  });

  it('refuses a standardisation of other channels, or by what no set has', () => {
    const { mean, deviation } = standardization(colour);
    const refused = (standardize: Standardization, message: RegExp): void =>
      expect(() => resident(colour, { standardize })).toThrowError(coded('DATA_INVALID', message));
    refused({ mean: [0.5], deviation: [0.2] }, /3 channels .* found 1 and 1/);
    refused({ mean, deviation: [1, 0, 1] }, /positive deviations, found .* deviation 1, 0, 1/);
    refused({ mean: [0, NaN, 0], deviation }, /finite means/);
  });
});

describe('standardisation', () => {
  it('takes the mean and the population deviation of each channel over all pixels', () => {
    const one = (bytes: readonly number[], channels: number): ImageSet => ({
      ...colour,
      images: Uint8Array.from(bytes),
      labels: Uint8Array.of(0),
      count: 1,
      height: 1,
      width: bytes.length / channels,
      channels,
    });
    expect(standardization(one([0, 255], 1))).toEqual({ mean: [0.5], deviation: [0.5] });
    const { mean, deviation } = standardization(one([51, 0, 51, 51, 204, 255], 2));
    expect(mean).toEqual([102 / 255, 102 / 255]);
    deviation.forEach((value, c) => expect(value).toBeCloseTo(Math.sqrt([5202, 12138][c] ?? 0) / 255, 15));
  });

  it('of what it is made for has mean 0 and deviation 1', async () => {
    const set = resident(colour, { standardize: standardization(colour) });
    const values = [...(await gatherImages(set, tensor(Int32Array.of(0, 1))).images.data())];
    for (const channel of [0, 1, 2]) {
      const own = values.filter((_, at) => at % 3 === channel);
      const mean = own.reduce((sum, x) => sum + x, 0) / own.length;
      expect(mean).toBeCloseTo(0, 12);
      expect(own.reduce((sum, x) => sum + (x - mean) ** 2, 0) / own.length).toBeCloseTo(1, 12);
    }
  });

  it('refuses a constant channel by its value, and an empty set', () => {
    const flat = { ...colour, images: colour.images.map((byte, at) => (at % 3 === 1 ? 17 : byte)) };
    expect(() => standardization(flat)).toThrowError(coded('DATA_INVALID', /channel 1 is 17 in every pixel/));
    expect(() => standardization(selectExamples(colour, [], 'none'))).toThrowError(
      coded('DATA_INVALID', /none: an empty set/),
    );
  });
});
